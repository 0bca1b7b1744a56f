import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { createOutputRule, leaksOf, REDACT } from '#subgraphs/conversations/guard/guard.fixture';
import type { TestClient } from '#test/support/client';
import { startDoomedServer } from '#test/support/doomed-server';
import { createAgent, createRoom, readRun, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import type { ScriptedModel } from '#test/support/scripted-model';
import type { ServerProcess } from '#test/support/server-process';
import { auditRoom } from '#test/support/stream-audit';

/**
 * Five agents three deep: a supervisor over two that work side by side, and over a loop. The server is killed when one of the
 * two is done and the other is not, and again in the middle of the loop.
 */
describe('a team whose server is killed with -9', { timeout: 180_000 }, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let client: TestClient;
  let database: pg.Pool;

  const agent = (name: string, input: object = {}) =>
    createAgent(client, { name, model: model.modelId, instructions: `<${name}>`, ...input });
  const node = (key: string, agentId: string) => ({ key, agentId });

  beforeAll(async () => {
    ({ model, server, client, database } = await startDoomedServer());
  }, 120_000);

  it('goes on behind its last finished step, keeps the finished branches, and answers once', async () => {
    const [ann, bob, cid] = await Promise.all([agent('Ann'), agent('Bob'), agent('Cid')]);
    const pair = await agent('Pair', { team: { nodes: [node('ann', ann), node('bob', bob)], parallel: {} } });
    const loop = await agent('Loop', { team: { nodes: [node('cid', cid)], loop: { body: 'cid', maxIterations: 3 } } });
    const boss = await agent('Boss', {
      team: { nodes: [node('pair', pair), node('loop', loop)], supervisor: {} },
    });
    const judgement = (done: boolean) => model.answer(JSON.stringify({ done, feedback: 'More.', score: done ? 1 : 0 }));
    const held = model.held('a better');
    model.script('<Ann>', model.answer('from Ann'));
    model.script('<Bob>', model.held('from').play, model.answer('from Bob'));
    model.script('<Cid>', model.answer('a draft'), held.play, model.answer('a better one'));
    model.script('<Loop>', judgement(false), judgement(true));
    model.script(
      '<Boss>',
      model.callTools(['pair', { task: 'collect' }]),
      model.callTools(['loop', { task: 'write' }]),
      model.answer('All of it is here.'),
    );

    const { id: roomId, cursor } = await createRoom(client, [boss]);
    const follower = new RoomFollower(client, roomId, cursor);
    const sent = await sendMessage(client, roomId, 'Do it.');
    await untilCalled(model, '<Bob>', 1);
    const done = async () => {
      const { rows } = await database.query(
        "select 1 from steps where key = 'tool/0.0/branch/0' and state = 'SUCCEEDED'",
      );
      return rows.length;
    };
    await expect.poll(done, { timeout: 20_000 }).toBe(1);
    await server.end('SIGKILL');
    await server.start();
    await untilCalled(model, '<Cid>', 2);
    await server.end('SIGKILL');
    await server.start();
    await follower.untilFinal(1, 60_000);

    expect(await readRun(client, sent.run?.id ?? '')).toMatchObject({ state: 'SUCCEEDED', attempt: 3, error: null });
    const counts = ['Ann', 'Bob', 'Cid', 'Loop', 'Boss'].map((name) => model.callsOf(`<${name}>`).length);
    // Only the steps that were under way are done again.
    expect(counts).toEqual([1, 2, 3, 2, 3]);
    const last = JSON.stringify(model.callsOf('<Boss>').at(-1)?.body);
    for (const part of ['from Ann', 'from Bob', 'a better one']) expect(last).toContain(part);
    const { rows: steps } = await database.query<{ key: string; state: string; attempt: number }>(
      'select key, state, attempt from steps order by id',
    );
    expect(steps.every(({ state }) => state === 'SUCCEEDED')).toBe(true);
    const again = steps.filter(({ attempt }) => attempt > 1).map(({ key }) => key);
    expect(again).toEqual(expect.arrayContaining(['tool/0.0', 'tool/1.0']));
    const underWay = /^tool\/(0\.0(\/branch\/1(\/model\/0)?)?|1\.0(\/loop\/1\/body(\/model\/0)?)?)$/;
    expect(again.filter((key) => !underWay.test(key))).toEqual([]);
    // What was charged: the call of every step that has succeeded, once.
    const { rows: charged } = await database.query(
      "select step_id from model_calls where outcome = 'SUCCEEDED' group by step_id having count(*) > 1",
    );
    expect(charged).toEqual([]);
    await auditRoom(database, roomId, follower.events, cursor);
    await follower.close();
  });

  it('shows nothing of what rules had held back when it was killed, and all else once', async () => {
    const eve = await agent('Eve');
    await createOutputRule({ client }, { scope: { agentId: eve }, actions: [REDACT] });
    model.script('<Eve>', model.held('Pay with 4111 1111 1111').play, model.answer('Pay with 4111 1111 1111 1111.'));
    const { id: roomId, cursor } = await createRoom(client, [eve]);
    const follower = new RoomFollower(client, roomId, cursor);
    await sendMessage(client, roomId, 'How?');
    await follower.until(({ text }) => text === 'Pay with ');
    await server.end('SIGKILL');
    await server.start();
    await follower.untilFinal(1, 60_000);
    const shown = follower.events.map(({ text, message }) => `${text ?? ''} ${message?.text ?? ''}`);
    expect(shown.filter((text) => leaksOf(text).length > 0)).toEqual([]);
    const completed = follower.events.filter(({ __typename }) => __typename === 'MessageCompleted').at(-1);
    expect(completed?.message).toMatchObject({ text: 'Pay with [out].', status: 'COMPLETE' });
    await auditRoom(database, roomId, follower.events, cursor);
    await follower.close();
  });
});

async function untilCalled(model: ScriptedModel, marker: string, times: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (model.callsOf(marker).length < times) {
    if (Date.now() > deadline) throw new Error(`The model of ${marker} was not called ${times} times.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
