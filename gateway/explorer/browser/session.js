import { post } from './post.js';

/**
 * A log-in, shared by all tabs of the browser.
 * @typedef {object} LogIn
 * @property {string} accessToken
 * @property {string} refreshToken
 * @property {string} renewalKey Makes all attempts to use the refresh token one, whichever tab they come from.
 * @property {string} expiresAt ISO 8601.
 * @property {string} name Who has logged in, to show.
 */

/** @typedef {ReturnType<typeof createSession>} Session */

const STORAGE_KEY = 'parley:log-in';
/** A token is renewed while it is still good for this long, in milliseconds. */
const RENEW_BEFORE = 60_000;

const PAYLOAD = 'accessToken refreshToken expiresAt viewer { user { name } organization { name } }';
const LOG_IN = `mutation LogIn($input: LogInInput!) { result: logIn(input: $input) { ${PAYLOAD} } }`;
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) { result: refreshSession(input: $input) { ${PAYLOAD} } }`;
const LOG_OUT = 'mutation LogOut { logOut { sessionId } }';

/**
 * Logs in, keeps the tokens for all tabs, and renews the access token before it expires or once it was refused.
 * @param {string} url The GraphQL endpoint.
 */
export function createSession(url) {
  /** @type {string | null} */
  let text = null;
  /** @type {LogIn | null} */
  let logIn = null;
  /** @type {Promise<LogIn | null> | null} */
  let renewal = null;
  /** @type {Set<() => void>} */
  const listeners = new Set();

  /** What is stored now: another tab may have renewed it, or logged out. */
  const current = () => {
    const stored = localStorage.getItem(STORAGE_KEY);
    if (stored !== text) {
      text = stored;
      logIn = stored ? JSON.parse(stored) : null;
    }
    return logIn;
  };
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const set = (/** @type {LogIn | null} */ next) => {
    if (next) localStorage.setItem(STORAGE_KEY, JSON.stringify(next));
    else localStorage.removeItem(STORAGE_KEY);
    tell();
  };
  addEventListener('storage', tell);

  const exchange = async (/** @type {LogIn} */ old) => {
    let next = null;
    try {
      next = await refresh(url, old);
    } catch (error) {
      // Whoever cannot reach the server has not been logged out by it.
      if (!(error instanceof Refusal && error.code === 'UNAUTHENTICATED')) throw error;
    }
    if (current()?.renewalKey === old.renewalKey) set(next);
    return current();
  };
  const renew = (/** @type {LogIn} */ old) => {
    renewal ??= exchange(old).finally(() => {
      renewal = null;
    });
    return renewal;
  };

  return {
    current,
    /** @returns {() => void} Ends the listening. */
    onChange(/** @type {() => void} */ listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** @throws {Error} With the server's own words. */
    async logIn(/** @type {string} */ email, /** @type {string} */ password) {
      set(await request(url, LOG_IN, { email, password }));
    },
    /** Forgets the log-in in every tab at once, and ends the session where the server can be reached. */
    async logOut() {
      const old = current();
      set(null);
      if (!old) return;
      const { accessToken } = isFresh(old) ? old : await refresh(url, old);
      await post(url, { query: LOG_OUT }, { authorization: `Bearer ${accessToken}` });
    },
    /** Takes note that the server no longer knows a token, whatever the clock of this machine says. */
    refused(/** @type {string} */ accessToken) {
      const known = current();
      if (known?.accessToken === accessToken) set({ ...known, expiresAt: new Date(0).toISOString() });
    },
    /** @returns {Promise<string | undefined>} A token that is good for a while yet; undefined for nobody. */
    async accessToken() {
      const known = current();
      const usable = !known || isFresh(known) ? known : await renew(known);
      return usable?.accessToken;
    },
  };
}

const isFresh = (/** @type {LogIn} */ { expiresAt }) => Date.parse(expiresAt) - Date.now() > RENEW_BEFORE;

/**
 * A refresh token is good for one use, and a second one ends the session. Under the same key, the second is answered as the
 * first was: to another tab that was as quick, or to this one after an answer that was lost.
 */
const refresh = (/** @type {string} */ url, /** @type {LogIn} */ { refreshToken, renewalKey }) =>
  request(url, REFRESH, { refreshToken }, { 'idempotency-key': renewalKey });

/** What the server answered instead. */
class Refusal extends Error {
  /**
   * @param {string} message
   * @param {unknown} code
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/**
 * @param {string} url
 * @param {string} query Its one field is called `result`.
 * @param {Record<string, string>} input
 * @param {Record<string, string>} [headers]
 * @returns {Promise<LogIn>}
 * @throws {Refusal}
 */
async function request(url, query, input, headers) {
  const { data, errors } = await post(url, { query, variables: { input } }, headers);
  const [error] = errors ?? [];
  if (error) throw new Refusal(error.message, error.extensions?.code);
  const { viewer, ...tokens } = /** @type {any} */ (data).result;
  const name = [viewer?.user?.name, viewer?.organization?.name].filter(Boolean).join(' · ');
  return { ...tokens, name, renewalKey: randomKey() };
}

/** Not `randomUUID`, which browsers offer to pages over HTTPS alone. */
const randomKey = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');
