import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

const TOKEN = 'a-token-for-prometheus';

let open: TestServer;
let guarded: TestServer;

beforeAll(async () => {
  open = await startTestServer({ HOST: '0.0.0.0' });
  guarded = await startTestServer({ METRICS_TOKEN: TOKEN });
}, 120_000);

const read = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${url}/metrics`, { headers });
  const text = await answer.text();
  if (answer.ok) return { status: answer.status, shown: text.includes('process_cpu_seconds_total') };
  const { errors } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] };
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  expect(text).not.toContain('parley_');
  return { status: answer.status, code: errors[0]?.extensions.code };
};

const SHOWN = { status: 200, shown: true };
const FORBIDDEN = { status: 403, code: 'FORBIDDEN' };
const UNAUTHENTICATED = { status: 401, code: 'UNAUTHENTICATED' };

/** This machine as its neighbours call it. */
const ownAddresses = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .filter(({ family, internal }) => family === 'IPv4' && !internal)
  .map(({ address }) => address);

describe('metrics without a token', () => {
  it('are shown to this machine', async () => {
    expect(await read(open.url)).toEqual(SHOWN);
    // A credential of the API neither helps nor harms.
    expect(await read(open.url, { authorization: 'Bearer wrong' })).toEqual(SHOWN);
  });

  it.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])('are not shown through a proxy (%s)', async (name) => {
    expect(await read(open.url, { [name]: '127.0.0.1' })).toEqual(FORBIDDEN);
  });

  it.each(ownAddresses)('are not shown to %s', async (address) => {
    const { port } = new URL(open.url);
    expect(await read(`http://${address}:${port}`)).toEqual(FORBIDDEN);
  });
});

describe('metrics with a token', () => {
  it.each([
    ['without it', {}, UNAUTHENTICATED],
    ['with another', { authorization: 'Bearer wrong' }, UNAUTHENTICATED],
    ['with its beginning', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, UNAUTHENTICATED],
    ['by another scheme', { authorization: `Basic ${TOKEN}` }, UNAUTHENTICATED],
    ['with it', { authorization: `Bearer ${TOKEN}` }, SHOWN],
    ['with it, through a proxy', { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.1' }, SHOWN],
  ])('%s', async (_, headers, expected) => {
    expect(await read(guarded.url, headers as Record<string, string>)).toEqual(expected);
  });
});
