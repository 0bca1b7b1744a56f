/** What one trip to a provider and back is tied together by. */
export interface AuthorizationChecks {
  /** Comes back in the callback: the answer belongs to the question. */
  state: string;
  /** Comes back inside the ID token, where there is one: the token was made for this trip. */
  nonce: string;
  /** Only its hash travels through the browser: a stolen code is worth nothing without it (PKCE). */
  codeVerifier: string;
  redirectUri: string;
}

/** Who somebody is, in the words of a provider. */
export interface ExternalProfile {
  /** Never changes, and unique among all that the provider has ever had, whatever issuer it stood for. */
  subject: string;
  email: string | null;
  /** Whether the provider has made sure that the address is the person's. Only then can it lead to an account. */
  emailVerified: boolean;
  name: string | null;
}

/** Somewhere people can log in with an account that they have there. */
export interface LogInProvider {
  /** Lasting: it is kept with every linked account. */
  id: string;
  /** For the button. */
  name: string;
  /** Where to send the browser. @throws ParleyError `UNAVAILABLE` */
  authorizationUrl(checks: AuthorizationChecks): Promise<URL>;
  /**
   * Makes a profile of the URL that the browser came back to.
   * @throws ParleyError `UNAUTHENTICATED` where the person or the provider said no or the answer does not fit the
   * question, `UNAVAILABLE` where the provider cannot be reached or is not set up rightly.
   */
  fetchProfile(callbackUrl: URL, checks: AuthorizationChecks): Promise<ExternalProfile>;
}

/** Seconds that a provider may take for one answer. */
export const PROVIDER_TIMEOUT_SECONDS = 10;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether plain HTTP is safe: what is said does not leave this machine. */
export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);
