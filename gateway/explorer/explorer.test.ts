import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildExplorer } from './bundle.fixture.ts';
import { startToyServer } from './toy-server.fixture.ts';

let folder: string;
let toy: Awaited<ReturnType<typeof startToyServer>>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'parley-explorer-'));
  toy = await startToyServer(await buildExplorer(folder));
  chmodSync(folder, 0o500);
});

afterAll(async () => {
  await toy.stop();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const get = (pathname: string, headers: Record<string, string> = {}) => fetch(`${toy.origin}${pathname}`, { headers });

/** As it is typed: `fetch` would tidy the path up before it is sent. */
const statusOf = (rawPath: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(toy.origin, { path: rawPath }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

describe('GET /graphiql', () => {
  test('is a page whose policy allows this server alone', async () => {
    const response = await get('/graphiql');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(await response.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test('has assets that are found, typed, compressed and kept for ever', async () => {
    const html = await (await get('/graphiql')).text();
    const assets = [...html.matchAll(/(?:src|href)="(graphiql\/[^"]+)"/g)].map((match) => `/${match[1]}`);
    expect(assets).toHaveLength(2);
    for (const asset of assets) {
      const response = await get(asset, { 'accept-encoding': 'gzip' });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/(javascript|css); charset=utf-8$/);
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(response.headers.get('cache-control')).toContain('immutable');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const plain = await get(asset, { 'accept-encoding': 'identity' });
      expect(plain.headers.get('content-encoding')).toBeNull();
      expect(await plain.text()).toBe(await response.text());
    }
  });

  test('is not sent again to a browser that has it', async () => {
    const etag = (await get('/graphiql')).headers.get('etag') ?? '';
    const again = await get('/graphiql', { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  test.each([
    '/graphiql/assets/../index.html',
    '/graphiql/assets/..%2findex.html',
    '/graphiql/assets/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/graphiql/assets/..%5c..%5cpackage.json',
    '/graphiql/assets//etc/passwd',
    '/graphiql/assets/',
    '/graphiql/assets/constructor',
    '/graphiql/assets/%00',
  ])('leads to no other file: %s', async (rawPath) => {
    expect(await statusOf(rawPath)).toBeGreaterThanOrEqual(400);
  });

  test('says what to do where nothing has been built', async () => {
    const bare = await startToyServer(path.join(folder, 'nothing'));
    const response = await fetch(`${bare.origin}/graphiql`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm start');
    await bare.stop();
  });
});

describe('GET /graphql in a browser', () => {
  const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  test('is Apollo Sandbox, allowed nothing but its own network and this server', async () => {
    const response = await get('/graphql', asBrowser);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
    expect(nonce).toBeTruthy();
    for (const [, attributes] of html.matchAll(/<(?:script|style)([^>]*)>/g))
      expect(attributes).toContain(`nonce="${nonce}"`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(html).toContain('initialSubscriptionEndpoint');
    expect(await (await get('/graphql', asBrowser)).text()).not.toContain(nonce);
  });

  test('is left to the endpoint where there is an operation or no browser', async () => {
    expect((await get('/graphql?query=%7Bviewer%7D', asBrowser)).status).toBe(400);
    expect((await get('/graphql', { accept: 'application/json' })).status).toBe(400);
  });
});
