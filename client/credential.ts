import { randomUUID } from 'node:crypto';
import { ApiError, request } from './graphql-http.ts';
import { LOG_IN, LOG_OUT, REFRESH, type SessionResult } from './operation.ts';
import type { SessionStore, StoredSession } from './session-store.ts';

/** What proves who is asking. */
export interface Credential {
  /** The value of the Authorization header, good for a while yet. */
  authorization(): Promise<string>;
  /** After the server has refused it: gets another one. False where there is none to be had. */
  renew(): Promise<boolean>;
  /** Ends it on the server and forgets it here, where that is possible. */
  end(): Promise<void>;
}

/** An API key holds until somebody revokes it. */
export const apiKeyCredential = (key: string): Credential => ({
  authorization: async () => `Bearer ${key}`,
  renew: async () => false,
  end: async () => {},
});

/** @throws ApiError `UNAUTHENTICATED` where e-mail or password is wrong. */
export async function logIn(endpoint: URL, email: string, password: string): Promise<StoredSession> {
  const { session } = await request<SessionResult>(endpoint, LOG_IN, { input: { email, password } });
  return session;
}

/** An access token is renewed while it is still good for this long, in milliseconds. */
const RENEW_BEFORE = 60_000;

/**
 * A log-in, whose access token is renewed before it expires. A refresh token works once, and using it twice ends the
 * session: so within the process one renewal serves all who wait, and between processes the store's lock decides, with
 * the later one taking over what the earlier has stored.
 */
export function sessionCredential(endpoint: URL, store: SessionStore, first: StoredSession): Credential {
  let session = first;
  let renewal: Promise<boolean> | null = null;
  let asked = { refreshToken: '', idempotencyKey: '' };

  /** The same for every try with one token: were an answer lost, the next try would look like a thief's. */
  const keyFor = (refreshToken: string): string => {
    if (asked.refreshToken !== refreshToken) asked = { refreshToken, idempotencyKey: randomUUID() };
    return asked.idempotencyKey;
  };

  const isFresh = ({ expiresAt }: StoredSession) => Date.parse(expiresAt) - Date.now() > RENEW_BEFORE;

  const exchange = async (): Promise<boolean> => {
    const stored = await store.read();
    if (stored && stored.refreshToken !== session.refreshToken) {
      session = stored;
      if (isFresh(stored)) return true;
    }
    try {
      const { refreshToken } = session;
      const idempotencyKey = keyFor(refreshToken);
      const result = await request<SessionResult>(endpoint, REFRESH, { input: { refreshToken } }, { idempotencyKey });
      session = result.session;
      await store.write(session);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'UNAUTHENTICATED') throw error;
      await store.write(null);
      return false;
    }
  };

  const renew = (): Promise<boolean> => {
    renewal ??= store.exclusively(exchange).finally(() => {
      renewal = null;
    });
    return renewal;
  };

  return {
    async authorization() {
      if (!isFresh(session) && !(await renew())) {
        throw new ApiError('UNAUTHENTICATED', 'Your session has ended. Start again to log in.');
      }
      return `Bearer ${session.accessToken}`;
    },
    renew,
    async end() {
      await store.write(null);
      await request(endpoint, LOG_OUT, {}, { authorization: `Bearer ${session.accessToken}` });
    },
  };
}
