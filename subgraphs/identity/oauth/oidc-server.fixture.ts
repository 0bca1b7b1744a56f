import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.fixture.ts';

export const OIDC_CLIENT = { id: 'parley', secret: 'the secret of the client' };

/** Who logs in at the provider, and what it knows of him. */
export interface OidcAccount {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
}

export interface OidcServer {
  issuer: string;
  /** Who logs in next; null for somebody who changes his mind. */
  visitor: OidcAccount | null;
  /** How often each path was asked for. */
  readonly requests: Map<string, number>;
  close(): Promise<void>;
}

/** A certified OpenID Connect provider on this machine, whose visitors log in and consent without being asked. */
export async function startOidcServer(redirectUris: string[], port = 0): Promise<OidcServer> {
  const accounts = new Map<string, OidcAccount>();
  const requests = new Map<string, number>();
  const state: { visitor: OidcAccount | null } = { visitor: null };
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' };

  const server: LoopbackServer = await startLoopbackServer((issuer) => {
    const provider = new Provider(issuer, {
      clients: [{ client_id: OIDC_CLIENT.id, client_secret: OIDC_CLIENT.secret, redirect_uris: redirectUris }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      ttl: { AccessToken: 600, AuthorizationCode: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
      cookies: { keys: ['a key for cookies'] },
      jwks: { keys: [key] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      findAccount: (_context, id) => {
        const account = accounts.get(id);
        return account && { accountId: id, claims: () => ({ ...account }) };
      },
    });
    const callback = provider.callback();
    return (request, response) => {
      const path = new URL(request.url ?? '/', issuer).pathname;
      requests.set(path, (requests.get(path) ?? 0) + 1);
      if (!path.startsWith('/interaction/')) return void callback(request, response);
      return void interact(provider, state.visitor, request, response);
    };
  }, port);
  return {
    issuer: server.url,
    requests,
    get visitor() {
      return state.visitor;
    },
    set visitor(account) {
      if (account) accounts.set(account.sub, account);
      state.visitor = account;
    },
    close: server.close,
  };
}

async function interact(
  provider: Provider,
  visitor: OidcAccount | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!visitor) {
    const refusal = { error: 'access_denied', error_description: 'The person changed his mind.' };
    return provider.interactionFinished(request, response, refusal);
  }
  const { prompt, params } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: visitor.sub } });
  }
  const grant = new provider.Grant({ accountId: visitor.sub, clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}
