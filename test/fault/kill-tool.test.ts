import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { Outside } from '#core/outbound/outside.fixture';
import type { TestClient } from '#test/support/client';
import { startDoomedServer } from '#test/support/doomed-server';
import { atFileEnd } from '#test/support/file-end';
import { createAgent, createRoom, readRun, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import type { ScriptedModel } from '#test/support/scripted-model';
import type { ServerProcess } from '#test/support/server-process';
import { auditRoom } from '#test/support/stream-audit';

const STEPS = 'query ($id: ID!) { run(id: $id) { steps { nodes { id kind state attempt error { code } } } } }';
const REQUEUE = 'mutation ($input: RequeueStepInput!) { requeueStep(input: $input) { run { id state } } }';
const RETRY = 'mutation ($input: RetryRunInput!) { retryRun(input: $input) { run { id } } }';

/** A request to a server that has taken it and does not answer, while Parley is lost. */
describe('a tool that must not be run twice', { timeout: 180_000 }, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let outside: Outside;
  let client: TestClient;
  let database: pg.Pool;
  let silent = true;

  beforeAll(async () => {
    outside = await Outside.start((_, response) => {
      if (!silent) response.writeHead(201, { 'content-type': 'text/plain' }).end('Ordered.');
    });
    atFileEnd(() => outside.stop());
    ({ model, server, client, database } = await startDoomedServer({ OUTBOUND_ALLOW: '127.0.0.1' }));
  }, 120_000);

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is not run again after a %s in its middle, until somebody requeues it',
    async (signal) => {
      silent = true;
      const before = outside.requests.length;
      const mark = `<${signal}>`;
      const agent = await createAgent(client, {
        name: 'Buyer',
        model: model.modelId,
        instructions: mark,
        tools: [{ name: 'send_request', approval: { rule: 'NEVER' } }],
      });
      model.script(
        mark,
        model.callTools(['send_request', { method: 'POST', url: `http://127.0.0.1:${outside.port}/`, json: {} }]),
        model.answer('It is ordered.'),
      );
      const { id: roomId, cursor } = await createRoom(client, [agent]);
      const follower = new RoomFollower(client, roomId, cursor);
      const runId = (await sendMessage(client, roomId, 'Order it.')).run?.id ?? '';
      while (outside.requests.length === before) await sleep(20);
      await server.end(signal);
      await server.start();
      await follower.untilFinal(1, 60_000);

      expect(await readRun(client, runId)).toMatchObject({
        state: 'FAILED',
        error: { code: 'TOOL_INTERRUPTED', retryable: true, message: expect.stringContaining('send_request') },
      });
      expect(outside.requests.length).toBe(before + 1);
      const step = await toolStep(runId);
      expect(step).toMatchObject({ state: 'FAILED', error: { code: 'TOOL_INTERRUPTED' } });
      // Whoever has not looked at what it did cannot have it done again by the way.
      expect((await client.refusal(RETRY, { input: { runId } })).extensions.code).toBe('CONFLICT');
      expect(outside.requests.length).toBe(before + 1);

      silent = false;
      await client.request(REQUEUE, { input: { stepId: step?.id } });
      await follower.untilFinal(2, 60_000);
      expect(await readRun(client, runId)).toMatchObject({ state: 'SUCCEEDED', error: null });
      // What went before it is not done again, and the other side can tell that it is the same request.
      expect(model.callsOf(mark)).toHaveLength(2);
      const keys = outside.requests.slice(before).map(({ headers }) => headers['idempotency-key']);
      expect(keys).toEqual([step?.id, step?.id]);
      expect(await toolStep(runId)).toMatchObject({ state: 'SUCCEEDED', error: null });
      await auditRoom(database, roomId, follower.events, cursor, { [runId]: 1 });
      await follower.close();
    },
  );

  async function toolStep(runId: string) {
    const { run } = await client.request<{
      run: { steps: { nodes: { id: string; kind: string; state: string; error: { code: string } | null }[] } };
    }>(STEPS, { id: runId });
    return run.steps.nodes.find(({ kind }) => kind === 'TOOL');
  }
});
