import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  None,
} from 'openid-client';
import { z } from 'zod';
import {
  type AuthorizationChecks,
  type ExternalProfile,
  isLoopback,
  type LogInProvider,
  PROVIDER_TIMEOUT_SECONDS,
} from './log-in-provider.ts';
import { providerFailure } from './provider-failure.ts';

export interface OidcSettings {
  id: string;
  name: string;
  issuer: URL;
  clientId: string;
  clientSecret: string | undefined;
}

/** What the provider says about itself is asked for again after this long, in milliseconds. */
const DISCOVERY_LIFETIME_MS = 60 * 60 * 1000;

/** The standard claims that matter here. Some providers send booleans as text. */
const claimsSchema = z.object({
  email: z.string().optional().catch(undefined),
  email_verified: z.union([z.boolean(), z.stringbool()]).optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  preferred_username: z.string().optional().catch(undefined),
});

/** Any OpenID Connect provider, found by its issuer. */
export class OidcProvider implements LogInProvider {
  readonly id: string;
  readonly name: string;
  private discovered: { configuration: Promise<Configuration>; until: number } | undefined;

  constructor(private readonly settings: OidcSettings) {
    this.id = settings.id;
    this.name = settings.name;
  }

  async authorizationUrl({ state, nonce, codeVerifier, redirectUri }: AuthorizationChecks): Promise<URL> {
    return buildAuthorizationUrl(await this.configuration(), {
      scope: 'openid email profile',
      redirect_uri: redirectUri,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
  }

  async fetchProfile(callbackUrl: URL, checks: AuthorizationChecks): Promise<ExternalProfile> {
    const configuration = await this.configuration();
    try {
      const tokens = await authorizationCodeGrant(configuration, callbackUrl, {
        expectedState: checks.state,
        expectedNonce: checks.nonce,
        pkceCodeVerifier: checks.codeVerifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims();
      if (!idToken) throw new Error('An ID token was expected and is not there.');
      const claims = claimsSchema.parse(
        idToken.email === undefined && configuration.serverMetadata().userinfo_endpoint
          ? await fetchUserInfo(configuration, tokens.access_token, idToken.sub)
          : idToken,
      );
      return {
        subject: `${idToken.iss}#${idToken.sub}`,
        email: claims.email ?? null,
        emailVerified: claims.email_verified ?? false,
        name: claims.name ?? claims.preferred_username ?? null,
      };
    } catch (error) {
      throw providerFailure(error, this.name);
    }
  }

  /** Asked for once by all who need it at the same time; a failure is not kept. */
  private async configuration(): Promise<Configuration> {
    if (!this.discovered || this.discovered.until < Date.now()) {
      const { issuer, clientId, clientSecret } = this.settings;
      const configuration = discovery(issuer, clientId, clientSecret, clientAuthentication(clientSecret), {
        timeout: PROVIDER_TIMEOUT_SECONDS,
        execute: isLoopback(issuer) ? [allowInsecureRequests] : [],
      });
      this.discovered = { configuration, until: Date.now() + DISCOVERY_LIFETIME_MS };
    }
    const asked = this.discovered;
    try {
      return await asked.configuration;
    } catch (error) {
      if (this.discovered === asked) this.discovered = undefined;
      throw providerFailure(error, this.name);
    }
  }
}

/** Basic is what every provider must take unless it says otherwise. */
function clientAuthentication(secret: string | undefined): ClientAuth {
  if (!secret) return None();
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const supported = server.token_endpoint_auth_methods_supported;
    const authenticate = !supported || supported.includes('client_secret_basic') ? basic : post;
    authenticate(server, ...rest);
  };
}
