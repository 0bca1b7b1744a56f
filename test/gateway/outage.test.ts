import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '#core/environment';
import { openTcpProxy, type TcpProxy } from '#core/job/tcp-proxy.fixture';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let test: TestServer;
let owner: Person;
let line: TcpProxy;

beforeAll(async () => {
  const defaults = readEnvironment({});
  if ('problems' in defaults) throw new Error(defaults.problems.join());
  const limit = String(defaults.environment.RATE_LIMIT_REQUESTS);
  test = await startTestServer({ RATE_LIMIT_REQUESTS: limit }, async (url) => {
    line = await openTcpProxy(url);
    return line.url;
  });
  owner = await test.seed.owner();
}, 120_000);

afterAll(() => line?.close());

const ready = async () => {
  const response = await fetch(`${test.url}/readyz`);
  return {
    status: response.status,
    body: (await response.json()) as { status: string; parts: Record<string, string> },
  };
};

describe('by default', () => {
  it('a caller may burst to 500 requests', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, () => owner.client.send('{ __typename }')));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });
});

describe('while PostgreSQL is away', () => {
  it('the server says so, part by part, answers with a code, and is well again afterwards', async () => {
    expect((await ready()).status).toBe(200);
    await line.cut();
    try {
      const { status, body } = await ready();
      expect([status, body.status, body.parts.database]).toEqual([503, 'unavailable', 'down']);
      expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1|postgres/);
      expect((await fetch(`${test.url}/healthz`)).status).toBe(200);
      // Of a stranger, a caller that was let in a moment ago, and a credential that nobody can look up now.
      const anonymous = await test.client.send(
        'mutation { logIn(input: {email: "a@b.de", password: "x"}) { accessToken } }',
      );
      await sleep(2_100);
      const known = await owner.client.send('{ agents { totalCount } }');
      for (const { errors, text } of [anonymous, known]) {
        expect(errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
        expect(text).not.toMatch(/ECONN|127\.0\.0\.1|postgres|prisma|\.ts:/i);
      }
      expect(known.status).toBe(503);
    } finally {
      await line.mend();
    }
    while ((await ready()).status !== 200) await sleep(200);
    expect((await owner.client.send('{ agents { totalCount } }')).errors).toBeUndefined();
  });
});
