import { beforeAll, expect, it } from 'vitest';
import { LiveServer } from '#core/model/live-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person, SeededAgent } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { readLimits, setLimit } from '../budget/budget.fixture.ts';
import { LiveCaller } from './live-caller.fixture.ts';

/** What each turn of the emulated model is said to have taken. */
const A_TURN = 34;

let test: TestServer;
let owner: Person;
let agent: SeededAgent;

beforeAll(async () => {
  const live = await LiveServer.start();
  atFileEnd(() => live.stop());
  test = await startTestServer(live.variables);
  owner = await test.seed.owner();
  agent = await test.seed.agent(owner, { model: 'offline/parley' });
}, 120_000);

it('a live session takes its tokens from the limits, and ends where one has nothing left', async () => {
  await setLimit(owner.client, { period: 'DAY', maxTokens: 1_000_000, whenExhausted: 'REJECT' });
  await setLimit(owner.client, { agentId: agent.id, period: 'TOTAL', maxTokens: A_TURN + 1, whenExhausted: 'PAUSE' });
  const other = await test.seed.agent(owner, { model: 'offline/parley', name: 'Bob' });
  await setLimit(owner.client, { agentId: other.id, period: 'TOTAL', maxTokens: 50, whenExhausted: 'REJECT' });
  const room = await test.seed.room(owner, { agents: [agent, other] });

  const caller = await LiveCaller.start(owner.client, room.id, { agentId: agent.id });
  await caller.say('One');
  await caller.untilTurn(1);
  const usedOf = async () => (await readLimits(owner.client)).map((limit) => [limit.agent?.name ?? null, limit.used]);
  await expect.poll(usedOf).toEqual(
    expect.arrayContaining([
      [null, A_TURN],
      ['Ada', A_TURN],
      ['Bob', 0],
    ]),
  );
  await caller.say('Two');
  expect(await caller.untilEnded()).toMatchObject({ reason: 'TOKEN_LIMIT', totalUsage: { totalTokens: 2 * A_TURN } });
  await caller.leave();

  const start = 'mutation ($input: StartLiveSessionInput!) { startLiveSession(input: $input) { session { id } } }';
  const refusal = await owner.client.refusal(start, { input: { conversationId: room.id, agentId: agent.id } });
  expect(refusal.extensions.code).toBe('QUOTA_EXCEEDED');
  expect(refusal.message).toContain('35 tokens');
  const second = await LiveCaller.start(owner.client, room.id, { agentId: other.id });
  await second.end();
  await second.leave();
});
