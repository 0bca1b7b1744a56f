import { beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { RawSocket } from './raw-socket.fixture.ts';

const POINTS = 40;

let test: TestServer;

beforeAll(async () => {
  test = await startTestServer({ RATE_LIMIT_REQUESTS: String(POINTS) });
}, 120_000);

const burst = (count: number, client = test.client) =>
  Promise.all(Array.from({ length: count }, () => client.send('{ __typename }')));

describe('a caller that asks too often', () => {
  it('is refused with the time to wait, and another is not', async () => {
    const [owner, other] = [await test.seed.owner(), await test.seed.owner()];
    const answers = await burst(2 * POINTS, owner.client);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(POINTS);
    const seconds = Number(refused[0]?.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(refused[0]?.errors).toEqual([
      {
        message: `Too many requests. Try again in ${seconds} s.`,
        extensions: { code: 'RATE_LIMITED', retryAfterSeconds: seconds },
      },
    ]);
    expect(refused[0]?.headers.get('x-request-id')).toBeTruthy();
    expect((await other.client.send('{ viewer { role { id } } }')).status).toBe(200);

    // The same budget on a WebSocket; another caller's socket goes on.
    const socket = await RawSocket.init(test.url, { authorization: `Bearer ${other.client.token}` });
    for (let id = 0; id < POINTS; id++) {
      await socket.say({ type: 'subscribe', id: String(id), payload: { query: '{ __typename }' } });
    }
    const { payload } = await socket.hear('error');
    expect(payload).toEqual([
      expect.objectContaining({ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) } }),
    ]);
    socket.close();
  });

  it('is counted by address while nobody knows who it is, also with credentials that are guessed', async () => {
    const guesser = test.client.as('wrong');
    const answers = await burst(2 * POINTS, guesser);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(POINTS);
    const endings = new Set<string>();
    for (let tries = 0; tries < 3; tries++) {
      const socket = new RawSocket(test.url);
      await socket.say({ type: 'connection_init', payload: { authorization: 'Bearer wrong' } });
      endings.add(await socket.end());
    }
    expect([...endings]).toEqual(['1013 Too many requests: connect again later.']);
  });
});

describe('a caller that asks for too much', () => {
  const WORK = 10_000;
  /** 1 + 1 + 100 * 3 points or more. */
  const PAGE = '{ agents(first: 100) { nodes { id name createdAt } } }';
  let small: TestServer;

  beforeAll(async () => {
    small = await startTestServer({ RATE_LIMIT_COST: String(WORK) });
  }, 120_000);

  it('is refused with the time to wait once its work is spent, and another is not', async () => {
    const [owner, other] = [await small.seed.owner(), await small.seed.owner()];
    const answers = await Promise.all(Array.from({ length: 60 }, () => owner.client.send(PAGE)));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(20);
    expect(refused[0]?.errors).toEqual([
      {
        message: expect.stringMatching(/^What was asked for .+ Try again in \d+ s\.$/),
        extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) },
      },
    ]);
    expect((await other.client.send(PAGE)).status).toBe(200);

    // The same budget on a WebSocket, for queries and for what an event of a stream selects.
    const socket = await RawSocket.init(small.url, { authorization: `Bearer ${owner.client.token}` });
    const room = await small.seed.room(other);
    for (const [id, query] of [
      ['query', PAGE],
      ['stream', `subscription { conversationEvents(conversationId: "${room.id}") { cursor } }`],
    ] as const) {
      await socket.say({ type: 'subscribe', id, payload: { query } });
      const heard = await socket.hear(id === 'query' ? 'next' : 'error');
      expect(JSON.stringify(heard)).toContain('RATE_LIMITED');
    }
    socket.close();
  });
});
