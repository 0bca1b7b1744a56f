import { createGraphiQLFetcher } from '@graphiql/toolkit';

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
    return await fetcher(params, { ...options, headers });
  };
}
