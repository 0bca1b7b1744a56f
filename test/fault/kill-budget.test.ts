import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectExact, readLimits, setLimit } from '#subgraphs/conversations/budget/budget.fixture';
import type { TestClient } from '#test/support/client';
import { startDoomedServer } from '#test/support/doomed-server';
import { createAgent, createRoom, sendMessage } from '#test/support/room-call';
import type { ScriptedModel } from '#test/support/scripted-model';
import type { ServerProcess } from '#test/support/server-process';

const RUNS = 50;
const LIMIT = 600;
const A_CALL = 18;
const LONGEST_ANSWER = 100;

/** Fifty runs that share a limit; the server is killed while calls are under way. */
describe('a limit of tokens whose server is killed with -9', { timeout: 240_000 }, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let client: TestClient;
  let database: pg.Pool;

  beforeAll(async () => {
    ({ model, server, client, database } = await startDoomedServer());
  }, 120_000);

  const countIn = async (...states: string[]) => {
    const { rows } = await database.query<{ count: number }>(
      'select count(*)::int as count from runs where state = any($1::"RunState"[])',
      [states],
    );
    return rows[0]?.count ?? 0;
  };
  const until = async (what: string, done: () => Promise<boolean> | boolean) => {
    const deadline = Date.now() + 90_000;
    while (!(await done())) {
      if (Date.now() > deadline) throw new Error(`It never came to this: ${what}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('is never exceeded, and comes out exact', async () => {
    const agentId = await createAgent(client, { model: model.modelId, maxOutputTokens: LONGEST_ANSWER });
    const { viewer } = await client.request<{ viewer: { organization: { id: string } } }>(
      '{ viewer { organization { id } } }',
    );
    const orgId = viewer.organization.id;
    const limit = { period: 'TOTAL', whenExhausted: 'PAUSE' };
    const { id } = await setLimit(client, { ...limit, maxTokens: LIMIT });
    // As many as the limit lets through at once answer nothing before the end of the server.
    const held = Array.from({ length: 3 }, () => model.held('So far'));
    model.next(...held.map(({ play }) => play));
    for (let index = 0; index < RUNS; index += 1) {
      const room = await createRoom(client, [agentId]);
      await sendMessage(client, room.id, 'Hi');
    }
    await until('calls under way', () => model.calls.length >= held.length);
    const [before] = await readLimits(client);
    expect(before?.reserved).toBeGreaterThan(0);
    await server.end('SIGKILL');
    await server.start();

    await until('all that there is room for has answered', async () => {
      const [now] = await readLimits(client);
      expect((now?.used ?? 0) + (now?.reserved ?? 0)).toBeLessThanOrEqual(LIMIT);
      // A call may take its prompt and the longest answer: there is room for no other, whoever asks once more.
      return now?.reserved === 0 && now.left <= LONGEST_ANSWER;
    });
    const used = await expectExact(client, database, orgId, id);
    const answered = await countIn('SUCCEEDED');
    expect(used).toBe(A_CALL * answered);
    // The end of the last one woke those that wait: they ask again, and go on waiting.
    await until('the others wait', async () => (await countIn('WAITING')) === RUNS - answered);

    await setLimit(client, { ...limit, maxTokens: 100 * RUNS });
    await until('every run has answered', async () => (await countIn('SUCCEEDED')) === RUNS);
    expect(await expectExact(client, database, orgId, id)).toBe(A_CALL * RUNS);
  });
});
