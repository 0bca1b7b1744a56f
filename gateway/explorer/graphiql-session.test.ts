import { decodeJwt, SignJWT } from 'jose';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { PASSWORD, type Person, type SeededRoom } from '#test/support/seed';
import { startTestServer, TEST_SECRETS, type TestServer } from '#test/support/server';
import { chromiumPath, openBrowser } from './browser.fixture.ts';
import { prepareExplorer } from './bundle.fixture.ts';

/** In one line: the editor closes the brackets of a line that is broken. */
const follow = ({ id, cursor }: SeededRoom) =>
  `subscription ($room: ID! = "${id}", $after: String = "${cursor}") { conversationEvents(conversationId: $room, after: $after) { cursor ... on MessageAdded { message { text } } } }`;
const WITHIN_MS = 40_000;

// Each test works in whole pages, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

interface StoredLogIn {
  accessToken: string;
  refreshToken: string;
  renewalKey: string;
  expiresAt: string;
  name: string;
}

// Where CI is set, a missing browser fails instead.
describe.skipIf(!chromiumPath && !process.env.CI)('a log-in of GraphiQL', () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let person: Person;
  let room: SeededRoom;
  let page: Page;

  beforeAll(async () => {
    await prepareExplorer();
    server = await startTestServer();
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
  });

  beforeEach(async () => {
    for (const each of browser.context.pages().slice(1)) await each.close();
    person = await server.seed.owner('Ada');
    room = await server.seed.room(person);
    page = await openTab();
    await page.evaluate('localStorage.clear()');
    await page.reload();
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.locator('form').getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Ada · Org of Ada').waitFor();
  });

  const openTab = async () => {
    const tab = await browser.context.newPage();
    await tab.goto(`${server.url}/graphiql`);
    await tab.getByRole('region', { name: 'Operation Editor' }).locator('.view-line').first().waitFor();
    return tab;
  };

  const stored = async (tab = page) =>
    JSON.parse(await tab.evaluate<string>(`localStorage.getItem('parley:log-in')`)) as StoredLogIn | null;
  const store = async (change: Partial<StoredLogIn>) => {
    const text = JSON.stringify({ ...(await stored()), ...change });
    await page.evaluate(`localStorage.setItem('parley:log-in', ${JSON.stringify(text)})`);
  };
  /** Of the person's session, as the server signs them, but good for `seconds`; the page believes that it is good for long. */
  const storeShortLived = async (seconds: number) => {
    const { accessToken = '' } = (await stored()) ?? {};
    const { sid, org, sub } = decodeJwt<{ sid: string; org: string }>(accessToken);
    const short = await new SignJWT({ sid, org })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .setIssuer('parley')
      .setAudience('parley')
      .setSubject(String(sub))
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(Buffer.from(TEST_SECRETS.tokenSecret, 'base64url'));
    await store({ accessToken: short });
    return short;
  };

  const answer = (tab = page) => tab.locator('.graphiql-response .view-lines');
  const run = async (operation: string, tab = page) => {
    await tab.getByRole('button', { name: 'New tab' }).click();
    await tab.getByRole('region', { name: 'Operation Editor' }).locator('.view-lines').click();
    await tab.keyboard.insertText(operation);
    await tab.getByRole('button', { name: 'Execute query' }).click();
  };
  const runMe = async (tab = page) => {
    await run('query Me { viewer { user { name } } }', tab);
    await answer(tab).getByText('"Ada"').waitFor({ timeout: WITHIN_MS });
  };
  const say = (text: string) =>
    person.client.request('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }', {
      input: { conversationId: room.id, text },
    });
  /** Whether the session of a token has ended. */
  const isOver = async (accessToken: string) =>
    (await server.client.as(accessToken).send('{ viewer { user { id } } }')).status === 401;

  test('is renewed before its token expires, and after the server has refused it', async () => {
    const first = await stored();
    await store({ expiresAt: new Date().toISOString() });
    await runMe();
    const second = await stored();
    expect(second?.refreshToken).not.toBe(first?.refreshToken);

    const refused = await storeShortLived(-10);
    await runMe();
    const third = await stored();
    expect(third?.accessToken).not.toBe(refused);
    expect(third?.refreshToken).not.toBe(second?.refreshToken);
  });

  test('goes on with a subscription whose token has ended, without a gap', async () => {
    const sockets: string[][] = [];
    page.on('websocket', (socket) => {
      const sent: string[] = [];
      sockets.push(sent);
      socket.on('framesent', ({ payload }) => sent.push(String(payload)));
    });
    const closed = new Promise<void>((resolve) => {
      page.on('websocket', (socket) => socket.on('close', () => resolve()));
    });
    const short = await storeShortLived(6);
    await run(follow(room));
    await say('said before');
    await answer().getByText('said before').waitFor({ timeout: WITHIN_MS });
    await closed;
    await say('said after');
    await answer().getByText('said after').waitFor({ timeout: WITHIN_MS });
    const [first, second] = sockets.map((frames) => frames.map((frame) => JSON.parse(frame)));
    expect(first?.[0].payload.authorization).toBe(`Bearer ${short}`);
    expect(second?.[0].payload.authorization).toBe(`Bearer ${(await stored())?.accessToken}`);
    const afterOf = (frames: typeof first) => frames?.find(({ type }) => type === 'subscribe').payload.variables?.after;
    expect([typeof afterOf(first), typeof afterOf(second)]).toEqual(['undefined', 'string']);
  });

  test('begins a subscription with a new token where the server does not know the old one', async () => {
    await storeShortLived(-10);
    await run(follow(room));
    await say('heard');
    await answer().getByText('heard').waitFor({ timeout: WITHIN_MS });
  });

  test('is shared by tabs, which use its refresh token at the same moment and once', async () => {
    const other = await openTab();
    for (let round = 0; round < 2; round += 1) {
      const before = await stored();
      await store({ expiresAt: new Date().toISOString() });
      await Promise.all([runMe(page), runMe(other)]);
      const [here, there] = [await stored(page), await stored(other)];
      expect(here?.refreshToken).not.toBe(before?.refreshToken);
      expect(there).toEqual(here);
    }
    expect(await isOver((await stored())?.accessToken ?? '')).toBe(false);
  });

  test('is kept while the server cannot be reached, and used again afterwards', async () => {
    const before = await stored();
    await store({ expiresAt: new Date().toISOString() });
    await page.route('**/graphql', (route) => route.abort('connectionrefused'));
    await run('query Me { viewer { user { name } } }');
    await answer().getByText('Failed to fetch').waitFor({ timeout: WITHIN_MS });
    expect((await stored())?.refreshToken).toBe(before?.refreshToken);
    await page.unroute('**/graphql');
    await runMe();
  });

  test('is renewed in spite of an answer that was lost', async () => {
    let lost = 0;
    await page.route('**/graphql', async (route) => {
      if (lost > 0 || !route.request().postData()?.includes('refreshSession')) return await route.fallback();
      lost += 1;
      await route.fetch();
      await route.abort('connectionreset');
    });
    await store({ expiresAt: new Date().toISOString() });
    await run('query Me { viewer { user { name } } }');
    await answer().getByText('Failed to fetch').waitFor({ timeout: WITHIN_MS });
    await runMe();
    expect(lost).toBe(1);
  });

  test('ends in all tabs and at the server when one logs out', async () => {
    const other = await openTab();
    await other.getByText('Ada · Org of Ada').waitFor();
    const { accessToken = '' } = (await stored()) ?? {};
    await page.getByRole('button', { name: 'Log out' }).click();
    await Promise.all([page, other].map((tab) => tab.getByLabel('Password').waitFor()));
    expect(await other.evaluate('localStorage.getItem("parley:log-in")')).toBeNull();
    await expect.poll(() => isOver(accessToken), { timeout: WITHIN_MS }).toBe(true);
    expect(await isOver(person.client.token ?? '')).toBe(false);
  });
});
