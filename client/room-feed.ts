import { setTimeout as wait } from 'node:timers/promises';
import type { Credential } from './credential.ts';
import { ApiError, toApiError, type WireError } from './graphql-http.ts';
import { backoff, isPassing } from './retry.ts';
import { FOLLOW, type FollowResult, type RoomEvent } from './room-event.ts';
import { openSocket } from './socket.ts';

/** The server does not take the credential that the socket was opened with. */
const CLOSED_UNAUTHORIZED = 4401;
/** The credential has expired or was revoked in the meantime. */
const CLOSED_FORBIDDEN = 4403;
/** The server may refuse so often in a row before this is taken for its last word. */
const MAX_REFUSALS = 5;

export interface RoomFeedOptions {
  endpoint: URL;
  credential: Credential;
  conversationId: string;
  /** Where to begin: the cursor of the last event that has been seen. */
  after: string;
  /** Ends the following. */
  signal: AbortSignal;
  onEvent(event: RoomEvent): void;
  /** Whether events arrive at the moment. Each loss is followed by another try. */
  onConnection(state: 'live' | 'lost'): void;
}

/**
 * Follows a room until it is told to stop. However often the connection breaks, it goes on behind the last event that
 * came: none is missed and none comes twice.
 * @throws ApiError where the server will not let this caller follow the room, or no more.
 */
export async function followRoom(options: RoomFeedOptions): Promise<void> {
  const { credential, signal, onConnection, onEvent } = options;
  let { after } = options;
  let authorization = '';
  let failures = 0;
  let refusals = 0;
  let isHandling = false;
  const client = openSocket(
    options.endpoint,
    () => ({ authorization }),
    () => onConnection('live'),
  );
  const stop = () => void client.dispose();
  signal.addEventListener('abort', stop, { once: true });

  while (!signal.aborted) {
    try {
      authorization = await credential.authorization();
      const variables = { room: options.conversationId, after };
      for await (const { data, errors } of client.iterate<FollowResult>({ query: FOLLOW, variables })) {
        if (!data?.conversationEvents) throw errors;
        failures = 0;
        refusals = 0;
        after = data.conversationEvents.cursor;
        isHandling = true;
        onEvent(data.conversationEvents);
        isHandling = false;
      }
    } catch (error) {
      if (isHandling) throw error;
      const refusal = signal.aborted ? null : toRefusal(error);
      if (refusal && !isPassing(refusal)) refusals += 1;
      if (refusal && (refusals > MAX_REFUSALS || (await isFinal(refusal, credential)))) throw refusal;
    }
    if (signal.aborted) break;
    onConnection('lost');
    await wait(backoff(failures), undefined, { signal }).catch(() => {});
    failures += 1;
  }
  signal.removeEventListener('abort', stop);
}

/** What the server said, where it said something; null where the connection broke. */
function toRefusal(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (Array.isArray(error)) return error[0] ? toApiError(error[0] as WireError) : null;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code !== CLOSED_UNAUTHORIZED && code !== CLOSED_FORBIDDEN) return null;
  return new ApiError('UNAUTHENTICATED', 'The server does not accept this log-in or API key any more.');
}

/** Whether coming again cannot help. */
async function isFinal({ code }: ApiError, credential: Credential): Promise<boolean> {
  if (code !== 'UNAUTHENTICATED') return ['FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT'].includes(code);
  // Where the server is away, there is no telling: the next try will show.
  return !(await credential.renew().catch(() => true));
}
