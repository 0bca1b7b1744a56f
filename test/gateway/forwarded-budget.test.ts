import { beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { RawSocket } from './raw-socket.fixture.ts';

const POINTS = 30;
const RATE_LIMIT = { RATE_LIMIT_REQUESTS: String(POINTS) };

let behindProxy: TestServer;
let open: TestServer;

beforeAll(async () => {
  behindProxy = await startTestServer({ ...RATE_LIMIT, TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' });
  open = await startTestServer(RATE_LIMIT);
}, 120_000);

const statusFor = async ({ client }: TestServer, forwarded: string) =>
  (await client.send('{ __typename }', {}, { 'x-forwarded-for': forwarded })).status;

const burst = (server: TestServer, forwarded: (n: number) => string) =>
  Promise.all(Array.from({ length: 2 * POINTS }, (_, n) => statusFor(server, forwarded(n))));

const greet = async ({ url }: TestServer, forwarded: string) => {
  const socket = new RawSocket(url, { headers: { 'x-forwarded-for': forwarded } });
  await socket.say({ type: 'connection_init' });
  const outcome = await socket.hear('connection_ack').then(
    () => 'in',
    () => socket.ended,
  );
  socket.close();
  return outcome;
};

describe('behind a proxy that is trusted', () => {
  it('callers are told apart by the address that it forwards, over HTTP and WebSocket alike', async () => {
    expect(await burst(behindProxy, () => '203.0.113.1')).toContain(429);
    // What stands before the last address that is not trusted, the caller has written himself.
    expect(await statusFor(behindProxy, '198.51.100.7, 203.0.113.1')).toBe(429);
    expect(await statusFor(behindProxy, '198.51.100.7, 203.0.113.1, 10.1.2.3')).toBe(429);
    expect(await greet(behindProxy, '203.0.113.1')).toMatch(/^1013 Too many requests/);
    for (const other of ['203.0.113.2', '203.0.113.1, 203.0.113.2', '2001:db8::1']) {
      expect(await statusFor(behindProxy, other)).toBe(200);
      expect(await greet(behindProxy, other)).toBe('in');
    }
  });

  it('what is no address is not taken for one', async () => {
    // Then it is the proxy that is counted.
    expect(await burst(behindProxy, (n) => `somebody-${n}`)).toContain(429);
  });
});

describe('where no proxy is trusted', () => {
  it('nobody escapes the limit of his address by a header', async () => {
    expect(await burst(open, (n) => `203.0.113.${n}`)).toContain(429);
    expect(await greet(open, '203.0.113.200')).not.toBe('in');
  });
});
