/**
 * A log-in that lives as long as the browser's tab.
 * @typedef {object} LogIn
 * @property {string} accessToken
 * @property {string} refreshToken
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

/**
 * Logs in, keeps the tokens for the browser's tab, and renews the access token before it expires.
 * @param {string} url The GraphQL endpoint.
 */
export function createSession(url) {
  /** @type {LogIn | null} */
  let logIn = readStored();
  /** @type {Promise<LogIn | null> | null} */
  let renewal = null;
  /** @type {Set<() => void>} */
  const listeners = new Set();

  const set = (/** @type {LogIn | null} */ next) => {
    logIn = next;
    if (next) sessionStorage.setItem(STORAGE_KEY, JSON.stringify(next));
    else sessionStorage.removeItem(STORAGE_KEY);
    for (const listener of listeners) listener();
    return next;
  };

  /** A refresh token is good for one use: everyone who waits shares the one renewal. */
  const renew = (/** @type {LogIn} */ old) => {
    renewal ??= request(url, REFRESH, { refreshToken: old.refreshToken })
      .then(set, () => set(null))
      .finally(() => {
        renewal = null;
      });
    return renewal;
  };

  return {
    current: () => logIn,
    /** @returns {() => void} Ends the listening. */
    onChange(/** @type {() => void} */ listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** @throws {Error} With the server's own words. */
    async logIn(/** @type {string} */ email, /** @type {string} */ password) {
      set(await request(url, LOG_IN, { email, password }));
    },
    logOut: () => void set(null),
    /** @returns {Promise<string | undefined>} A token that is good for a while yet. */
    async accessToken() {
      if (!logIn) return undefined;
      const isFresh = Date.parse(logIn.expiresAt) - Date.now() > RENEW_BEFORE;
      const usable = isFresh ? logIn : await renew(logIn);
      return usable?.accessToken;
    },
  };
}

function readStored() {
  const text = sessionStorage.getItem(STORAGE_KEY);
  return text ? /** @type {LogIn} */ (JSON.parse(text)) : null;
}

/**
 * @param {string} url
 * @param {string} query Its one field is called `result`.
 * @param {Record<string, string>} input
 * @returns {Promise<LogIn>}
 */
async function request(url, query, input) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  const { viewer, ...tokens } = data.result;
  return { ...tokens, name: [viewer?.user?.name, viewer?.organization?.name].filter(Boolean).join(' · ') };
}
