import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLoopbackServer } from './loopback-server.fixture.ts';

export const GITHUB_CLIENT = { id: 'Iv1.parley', secret: 'the secret of the client' };

export interface GitHubVisitor {
  id: number;
  login: string;
  name: string | null;
  emails: { email: string; primary: boolean; verified: boolean; visibility: string | null }[];
}

export interface GitHubServer {
  url: string;
  visitor: GitHubVisitor;
  /** While set, the API answers with this status. */
  brokenWith: number | null;
  close(): Promise<void>;
}

/** What GitHub says on the wire, as its documentation has it: the web application flow and two calls of its API. */
export async function startGitHubServer(visitor: GitHubVisitor): Promise<GitHubServer> {
  const codes = new Map<string, { challenge: string | null; redirectUri: string | null }>();
  const tokens = new Set<string>();
  const state = { visitor, brokenWith: null as number | null };

  const exchange = (form: URLSearchParams): object => {
    const issued = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    if (form.get('client_id') !== GITHUB_CLIENT.id || form.get('client_secret') !== GITHUB_CLIENT.secret) {
      return {
        error: 'incorrect_client_credentials',
        error_description: 'The client_id and/or client_secret are wrong.',
      };
    }
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    // GitHub refuses with status 200.
    if (!issued || issued.challenge !== challenge || issued.redirectUri !== form.get('redirect_uri')) {
      return { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' };
    }
    const token = `gho_${randomUUID()}`;
    tokens.add(token);
    return { access_token: token, scope: 'read:user,user:email', token_type: 'bearer' };
  };

  const api = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    const token = (request.headers.authorization ?? '').replace(/^bearer /i, '');
    const { emails, ...user } = state.visitor;
    if (!request.headers['user-agent']) json(response, 403, { message: 'Requests must have a user agent.' });
    else if (!tokens.has(token)) json(response, 401, { message: 'Bad credentials' });
    else if (state.brokenWith) json(response, state.brokenWith, { message: 'Server Error' });
    else json(response, 200, path === '/api/v3/user' ? user : emails);
  };

  const server = await startLoopbackServer((url) => async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    if (pathname === '/login/oauth/authorize') {
      const code = randomUUID().replaceAll('-', '');
      codes.set(code, { challenge: searchParams.get('code_challenge'), redirectUri: searchParams.get('redirect_uri') });
      const back = new URL(searchParams.get('redirect_uri') ?? url);
      back.searchParams.set('code', code);
      back.searchParams.set('state', searchParams.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
    } else if (pathname === '/login/oauth/access_token') {
      json(response, 200, exchange(new URLSearchParams(await bodyOf(request))));
    } else if (pathname === '/api/v3/user' || pathname === '/api/v3/user/emails') {
      api(request, response, pathname);
    } else {
      json(response, 404, { message: 'Not Found' });
    }
  });
  return Object.assign(state, { url: server.url, close: server.close });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}
