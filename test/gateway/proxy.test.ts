import { beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const SESSIONS = '{ sessions { nodes { ip current } } }';
const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }';
const TOKEN = 'a-token-for-metrics';

describe('the address of a caller', () => {
  let behind: TestServer;
  let bare: TestServer;

  beforeAll(async () => {
    [behind, bare] = await Promise.all([
      startTestServer({ TRUSTED_PROXIES: 'loopback, 10.0.0.0/8', METRICS_TOKEN: TOKEN }),
      startTestServer(),
    ]);
  }, 120_000);

  /** The address that a log-in was kept with. */
  const addressOf = async ({ client, seed }: TestServer, forwarded: string, socket: boolean) => {
    const owner: Person = await seed.owner();
    const input = { email: owner.email, password: 'correct horse battery staple' };
    const headers = { 'x-forwarded-for': forwarded };
    const token = socket
      ? await overSocket(client.url, headers, { query: LOG_IN, variables: { input } })
      : (await client.request<{ logIn: { accessToken: string } }>(LOG_IN, { input }, headers)).logIn.accessToken;
    const { sessions } = await client
      .as(token)
      .request<{ sessions: { nodes: { ip: string; current: boolean }[] } }>(SESSIONS);
    return sessions.nodes.find(({ current }) => current)?.ip;
  };

  it.each([false, true])('is what a trusted proxy says, of what it has itself seen (WebSocket: %s)', async (socket) => {
    expect(await addressOf(behind, '203.0.113.7', socket)).toBe('203.0.113.7');
    expect(await addressOf(behind, '198.51.100.1, 203.0.113.7, 10.1.2.3', socket)).toBe('203.0.113.7');
  });

  it.each([false, true])('is the peer where no proxy is trusted, whatever it says (WebSocket: %s)', async (socket) => {
    expect(await addressOf(bare, '203.0.113.7', socket)).toMatch(/127\.0\.0\.1$/);
  });

  it('opens the metrics to this machine alone, or to whoever has the token', async () => {
    const ask = ({ url }: TestServer, headers: Record<string, string> = {}) =>
      fetch(`${url}/metrics`, { headers }).then(({ status }) => status);
    expect(await ask(bare)).toBe(200);
    expect(await ask(bare, { 'x-forwarded-for': '203.0.113.7' })).toBe(403);
    expect(await ask(behind)).toBe(401);
    expect(await ask(behind, { authorization: 'Bearer wrong' })).toBe(401);
    expect(await ask(behind, { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.7' })).toBe(200);
  });
});

/** The access token of a log-in over a WebSocket of its own. */
async function overSocket(url: string, headers: Record<string, string>, payload: object): Promise<string> {
  const { default: WebSocket } = await import('ws');
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as {
        type: string;
        payload?: { data?: { logIn: { accessToken: string } } };
      };
      if (message.type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }));
      if (message.type === 'next') resolve(message.payload?.data?.logIn.accessToken ?? '');
      if (message.type === 'next' || message.type === 'error') socket.close();
    });
  });
}
