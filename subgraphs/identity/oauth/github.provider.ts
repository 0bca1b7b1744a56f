import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  Configuration,
  calculatePKCECodeChallenge,
  fetchProtectedResource,
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

export interface GitHubSettings {
  clientId: string;
  clientSecret: string;
  /** `https://github.com`, or a GitHub Enterprise Server. */
  baseUrl: URL;
  /** `https://api.github.com`, or a GitHub Enterprise Server's. */
  apiUrl: URL;
}

const userSchema = z.object({ id: z.number().int(), login: z.string(), name: z.string().nullish() });
const emailsSchema = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** GitHub: OAuth2 without an ID token, so that who it is has to be asked for, and which addresses are verified. */
export class GitHubProvider implements LogInProvider {
  readonly id = 'github';
  readonly name = 'GitHub';
  private readonly configuration: Configuration;

  constructor(private readonly settings: GitHubSettings) {
    const { clientId, clientSecret, baseUrl } = settings;
    const server = {
      issuer: baseUrl.origin,
      authorization_endpoint: below(baseUrl, 'login/oauth/authorize').href,
      token_endpoint: below(baseUrl, 'login/oauth/access_token').href,
    };
    this.configuration = new Configuration(server, clientId, clientSecret);
    this.configuration.timeout = PROVIDER_TIMEOUT_SECONDS;
    if (isLoopback(baseUrl)) allowInsecureRequests(this.configuration);
  }

  async authorizationUrl({ state, codeVerifier, redirectUri }: AuthorizationChecks): Promise<URL> {
    return buildAuthorizationUrl(this.configuration, {
      scope: 'read:user user:email',
      redirect_uri: redirectUri,
      state,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
  }

  async fetchProfile(callbackUrl: URL, checks: AuthorizationChecks): Promise<ExternalProfile> {
    try {
      const tokens = await authorizationCodeGrant(this.configuration, callbackUrl, {
        expectedState: checks.state,
        pkceCodeVerifier: checks.codeVerifier,
      });
      const [user, emails] = await Promise.all([
        this.read('user', tokens.access_token, userSchema),
        this.read('user/emails', tokens.access_token, emailsSchema),
      ]);
      const verified = emails.filter((email) => email.verified);
      const chosen = verified.find((email) => email.primary) ?? verified[0] ?? emails.find((email) => email.primary);
      return {
        subject: `${this.settings.baseUrl.origin}#${user.id}`,
        email: chosen?.email ?? null,
        emailVerified: chosen?.verified ?? false,
        name: user.name || user.login,
      };
    } catch (error) {
      throw providerFailure(error, this.name);
    }
  }

  private async read<S extends z.ZodType>(path: string, accessToken: string, schema: S): Promise<z.output<S>> {
    const headers = new Headers({ accept: 'application/vnd.github+json', 'user-agent': 'parley' });
    const url = below(this.settings.apiUrl, path);
    const response = await fetchProtectedResource(this.configuration, accessToken, url, 'GET', null, headers);
    if (!response.ok) throw new Error(`GitHub answered ${response.status} for /${path}.`);
    return schema.parse(await response.json());
  }
}

const below = (base: URL, path: string): URL => new URL(path, base.href.endsWith('/') ? base : `${base.href}/`);
