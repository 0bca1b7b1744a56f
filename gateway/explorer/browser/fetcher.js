import { getOperationAST, parse } from 'graphql';
import { follow } from './follow.js';
import { post } from './post.js';

/** @typedef {import('./session.js').Session} Session */

/**
 * Runs operations over HTTP and subscriptions over a WebSocket. Both send the headers of the tab's header editor, in
 * small letters as `connection_init` names them, and the token of the log-in where the editor has no Authorization.
 * @param {URL} endpoint The GraphQL endpoint.
 * @param {Session} session
 * @returns {import('@graphiql/toolkit').Fetcher}
 */
export function createFetcher(endpoint, session) {
  const socket = new URL(endpoint);
  socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
  return async ({ query, variables, operationName }, options) => {
    /** @type {Record<string, unknown>} */
    const headers = {};
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers[name.toLowerCase()] = value;
    const node = readOperation(query, operationName);
    const operation = { query, variables, operationName: node ? node.name?.value : operationName };
    if (node?.operation !== 'subscription') return await ask(endpoint.href, session, operation, headers);
    const canResume = node.variableDefinitions?.some(({ variable }) => variable.name.value === 'after') ?? false;
    return follow({ url: socket.href, session, operation, headers, canResume });
  };
}

/**
 * What is about to run. GraphiQL's own idea of it lags behind what is being typed, and would send a subscription over HTTP.
 * @param {string} query
 * @param {string | null} [name]
 */
function readOperation(query, name) {
  try {
    const document = parse(query);
    return getOperationAST(document, name) ?? getOperationAST(document);
  } catch {
    // The server says what is wrong with it.
    return null;
  }
}

/**
 * @param {string} url
 * @param {Session} session
 * @param {{query: string, variables: unknown, operationName: string | null | undefined}} operation
 * @param {Record<string, unknown>} headers
 */
async function ask(url, session, operation, headers) {
  const token = headers.authorization ? undefined : await session.accessToken();
  const send = (/** @type {string | undefined} */ bearer) =>
    post(url, operation, bearer ? { ...headers, authorization: `Bearer ${bearer}` } : headers);
  const answer = await send(token);
  // With a path it is a field that refuses; without one nothing has run, and may be sent again.
  const isRefused = answer.errors?.some(({ path, extensions }) => !path && extensions?.code === 'UNAUTHENTICATED');
  if (!token || !isRefused) return answer;
  session.refused(token);
  const renewed = await session.accessToken();
  return renewed ? await send(renewed) : answer;
}
