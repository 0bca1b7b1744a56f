import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getOperationAST, parse } from 'graphql';

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
  const fetcher = createGraphiQLFetcher({
    url: endpoint.href,
    subscriptionUrl: socket.href,
    headers: { 'apollo-require-preflight': 'true' },
  });
  return async (params, options) => {
    /** @type {Record<string, unknown>} */
    const headers = {};
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers[name.toLowerCase()] = value;
    const token = headers.authorization ? undefined : await session.accessToken();
    if (token) headers.authorization = `Bearer ${token}`;
    const { documentAST, operationName } = readOperation(params);
    return await fetcher({ ...params, operationName }, documentAST ? { headers, documentAST } : { headers });
  };
}

/**
 * What is about to run. GraphiQL's own idea of it lags behind what is being typed, and would send a subscription over HTTP.
 * @param {import('@graphiql/toolkit').FetcherParams} params
 */
function readOperation({ query, operationName = null }) {
  try {
    const documentAST = parse(query);
    const operation = getOperationAST(documentAST, operationName) ?? getOperationAST(documentAST);
    return { documentAST, operationName: operation?.name?.value ?? operationName };
  } catch {
    // The server says what is wrong with it.
    return { operationName };
  }
}
