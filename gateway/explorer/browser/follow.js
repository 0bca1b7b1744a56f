import { createClient } from 'graphql-ws';

/** @typedef {import('./session.js').Session} Session */

/** How the server closes a socket whose token it does not know, and one whose token has ended meanwhile. */
const UNKNOWN = 4401;
const ENDED = 4403;

/**
 * Follows a subscription, through sockets that break and tokens that expire. Where the operation has a variable `after` and
 * what it follows has a `cursor`, it goes on behind the last one; otherwise with what comes from then on.
 * @param {object} options
 * @param {string} options.url Of the WebSocket.
 * @param {Session} options.session
 * @param {{query: string, variables: Record<string, unknown> | undefined, operationName: string | null | undefined}} options.operation
 * @param {Record<string, unknown>} options.headers Sent as `connection_init`; their `authorization` outranks the log-in.
 * @param {boolean} options.canResume Whether the operation has a variable `after`.
 * @returns {import('@graphiql/toolkit').Observable<any>}
 */
export function follow({ url, session, operation, headers, canResume }) {
  return {
    /** @param {any} sink */
    subscribe(sink) {
      /** @type {string | undefined} */
      let token;
      const client = createClient({
        url,
        // Asked at every connection: the one after a refusal brings a new token.
        async connectionParams() {
          token = headers.authorization ? undefined : await session.accessToken();
          return token ? { ...headers, authorization: `Bearer ${token}` } : headers;
        },
        on: {
          closed(event) {
            const { code } = /** @type {CloseEvent} */ (event);
            if (token && (code === UNKNOWN || code === ENDED)) session.refused(token);
          },
        },
      });
      // The client sends this very object again at each connection.
      /** @type {any} */
      const payload = { ...operation };
      let stop = () => {};
      const open = (/** @type {boolean} */ mayRenew) => {
        stop = client.subscribe(payload, {
          next(result) {
            const cursor = canResume && cursorOf(result);
            if (cursor) payload.variables = { ...payload.variables, after: cursor };
            sink.next(result);
          },
          error(error) {
            // The client takes this one as final.
            if (mayRenew && token && isClose(error) && error.code === UNKNOWN) open(false);
            else sink.error(explain(error));
          },
          complete: () => sink.complete(),
        });
      };
      open(true);
      return { unsubscribe: () => stop() };
    },
  };
}

/** @returns {error is CloseEvent} */
const isClose = (/** @type {unknown} */ error) => error instanceof CloseEvent;

/** The browser's own events say nothing once they are printed. */
function explain(/** @type {unknown} */ error) {
  if (isClose(error)) return new Error(`The socket was closed: ${error.code} ${error.reason}`);
  return error instanceof Event ? new Error('The socket could not be opened: the server cannot be reached.') : error;
}

/** @param {{data?: Record<string, unknown> | null | undefined}} result */
function cursorOf({ data }) {
  const [event] = Object.values(data ?? {});
  const cursor = /** @type {{cursor?: unknown} | null | undefined} */ (event)?.cursor;
  return typeof cursor === 'string' ? cursor : undefined;
}
