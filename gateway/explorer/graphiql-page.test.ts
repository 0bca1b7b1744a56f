import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, openBrowser } from './browser.fixture.ts';
import { buildExplorer } from './bundle.fixture.ts';
import { startToyServer } from './toy-server.fixture.ts';

// Where CI is set, a missing browser fails instead.
describe.skipIf(!chromiumPath && !process.env.CI)('the explorers in a browser', () => {
  let folder: string;
  let toy: Awaited<ReturnType<typeof startToyServer>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  /** What the page complained of, and what it asked of others. */
  let complaints: string[];
  let foreign: string[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'parley-graphiql-'));
    toy = await startToyServer(await buildExplorer(folder));
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(toy.origin) && !url.startsWith('data:')) foreign.push(url);
    });
  });

  afterAll(async () => {
    await browser?.close();
    await toy?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const openPage = async (pathname: string) => {
    complaints = [];
    foreign = [];
    await page.goto(`${toy.origin}${pathname}`);
  };

  const openGraphiql = async () => {
    await openPage('/graphiql');
    await page.getByRole('region', { name: 'Operation Editor' }).locator('.view-line').first().waitFor();
  };

  const editor = () => page.getByRole('region', { name: 'Operation Editor' }).locator('.view-lines');
  const answer = () => page.locator('.graphiql-response .view-lines');

  const run = async (operation: string) => {
    await page.getByRole('button', { name: 'New tab' }).click();
    await editor().click();
    await page.keyboard.insertText(operation);
    await page.keyboard.press('Control+Enter');
  };

  const logIn = async (password: string) => {
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill(password);
    await page.locator('form').getByRole('button', { name: 'Log in' }).click();
  };

  test('GraphiQL has the schema, completes what is typed, and asks nobody but this server', async () => {
    await openGraphiql();
    await page.getByRole('button', { name: 'New tab' }).click();
    await editor().click();
    await page.keyboard.type('{ view');
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'viewer' }).waitFor();
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
  });

  test('a log-in is refused in the server’s words, then sent with queries and subscriptions', async () => {
    await openGraphiql();
    await logIn('wrong');
    await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
    await logIn('correct');
    await page.getByText('Ada · Analytical Engines').waitFor();

    await run('query Me { viewer { user { name } } }');
    await answer().getByText('"Ada"').waitFor();
    expect(toy.seen.at(-1)).toMatchObject({ authorization: 'Bearer toy-token', preflight: 'true' });

    const frames: string[] = [];
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => frames.push(String(payload)));
      socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
    });
    await run('subscription Count { countdown(from: 2) }');
    await answer().getByText('0', { exact: true }).waitFor();
    expect(JSON.parse(frames[0] ?? '')).toEqual({
      type: 'connection_init',
      payload: { authorization: 'Bearer toy-token' },
    });
    const counted = frames.map((frame) => JSON.parse(frame)).filter(({ type }) => type === 'next');
    expect(counted.map(({ payload }) => payload.data.countdown)).toEqual([2, 1, 0]);
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
  });

  test('a log-in outlives a reload, and the header editor outranks it', async () => {
    await openGraphiql();
    await run('query Me { viewer { user { name } } }');
    await answer().getByText('"Ada"').waitFor();
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await page.getByRole('region', { name: 'Headers' }).locator('.view-lines').last().click();
    await page.keyboard.insertText('{"Authorization": "Bearer pk_other"}');
    await page.getByRole('button', { name: 'Execute query' }).click();
    await answer().getByText('null').waitFor();
    expect(toy.seen.at(-1)?.authorization).toBe('Bearer pk_other');
  });

  test('Sandbox, where its network cannot be reached, points to GraphiQL', async () => {
    await page.route('**/*', (route) =>
      route.request().url().startsWith(toy.origin) ? route.continue() : route.abort('internetdisconnected'),
    );
    await openPage('/graphql');
    await page.getByRole('link', { name: 'Open GraphiQL instead' }).click();
    await page.waitForURL(`${toy.origin}/graphiql`);
  });

  test('Sandbox, where it can be reached, is given this server’s addresses and may reach them', async () => {
    await page.unrouteAll();
    await page.route('https://embeddable-sandbox.cdn.apollographql.com/**', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: 'window.EmbeddedSandbox = class { constructor(options) { window.given = options; } };',
      }),
    );
    await openPage('/graphql');
    const given = await page.evaluate('window.given');
    expect(given).toMatchObject({
      initialEndpoint: `${toy.origin}/graphql`,
      initialSubscriptionEndpoint: `${toy.origin.replace('http', 'ws')}/graphql`,
      initialState: { document: expect.stringContaining('viewer') },
    });
    const reached = await page.evaluate(
      `new Promise((resolve) => {
        const socket = new WebSocket(window.given.initialSubscriptionEndpoint, 'graphql-transport-ws');
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      })`,
    );
    expect(reached).toBe('open');
    expect(complaints).toEqual([]);
  });
});
