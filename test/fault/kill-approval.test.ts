import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from '#test/support/client';
import { startDoomedServer } from '#test/support/doomed-server';
import { createAgent, createRoom, readRun, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import type { ScriptedModel } from '#test/support/scripted-model';
import type { ServerProcess } from '#test/support/server-process';
import { auditRoom } from '#test/support/stream-audit';

const APPROVALS = `query ($id: ID!) {
  run(id: $id) { state waitingFor approvals { nodes { id state agent { name } step { id state } } } }
}`;
const STEPS = 'query ($id: ID!) { run(id: $id) { steps { nodes { id kind state attempt output } } } }';
const DECIDE = 'mutation ($input: DecideApprovalInput!) { decideApproval(input: $input) { approval { state } } }';
const CLOCK = { name: 'current_time', approval: { rule: 'ALWAYS' } };

interface Waiting {
  state: string;
  waitingFor: string | null;
  approvals: { nodes: { id: string; state: string; agent: { name: string }; step: { id: string; state: string } }[] };
}

/** Two agents in nested branches, each of which waits for a person, while Parley is lost and comes back. */
describe('approvals that nobody has decided', { timeout: 240_000 }, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let client: TestClient;
  let database: pg.Pool;

  beforeAll(async () => {
    ({ model, server, client, database } = await startDoomedServer());
  }, 120_000);

  const make = (name: string, input: Record<string, unknown>) =>
    createAgent(client, { name, model: model.modelId, instructions: `<${name}>`, ...input });
  const team = (name: string, members: Record<string, string>, flow: object) =>
    make(name, { team: { nodes: Object.entries(members).map(([key, agentId]) => ({ key, agentId })), ...flow } });
  const look = (id: string) => client.request<{ run: Waiting }>(APPROVALS, { id }).then(({ run }) => run);
  const allow = (approvalId: string | undefined, more: object = { decision: 'APPROVE' }) =>
    client.request(DECIDE, { input: { approvalId, ...more } });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'survive a %s before and between the decisions, which come in the other order',
    async (signal) => {
      const [one, two] = [`One${signal}`, `Two${signal}`];
      const [first, second] = await Promise.all([make(one, { tools: [CLOCK] }), make(two, { tools: [CLOCK] })]);
      const inner = await team(`Inner${signal}`, { second }, { sequential: {} });
      const pair = await team(`Pair${signal}`, { first, inner }, { parallel: {} });
      const ask = (timeZone: string) => model.callTools(['current_time', { timeZone }]);
      model.script(`<${one}>`, ask('Europe/Rome'), model.answer('first'));
      model.script(`<${two}>`, ask('Asia/Tokyo'), model.answer('second'));
      const { id: roomId, cursor } = await createRoom(client, [pair]);
      const follower = new RoomFollower(client, roomId, cursor);
      const runId = (await sendMessage(client, roomId, 'Both.')).run?.id ?? '';
      const waits = (times: number) =>
        follower.until(() => follower.events.filter(({ run }) => run?.state === 'WAITING').length >= times, 60_000);
      await waits(1);
      const before = await look(runId);
      expect(before.approvals.nodes.map(({ state }) => state)).toEqual(['PENDING', 'PENDING']);

      await server.end(signal);
      await server.start();
      // They are what they were: the same ones, of the same steps.
      expect(await look(runId)).toEqual(before);
      const idOf = (name: string) => before.approvals.nodes.find(({ agent }) => agent.name === name)?.id;
      await allow(idOf(two), { decision: 'EDIT', arguments: { timeZone: 'Africa/Cairo' } });
      await waits(2);

      await server.end(signal);
      await server.start();
      const between = await look(runId);
      expect(between).toMatchObject({ state: 'WAITING', waitingFor: 'APPROVAL' });
      expect(between.approvals.nodes.find(({ state }) => state === 'PENDING')?.id).toBe(idOf(one));
      expect(model.callsOf(`<${two}>`)).toHaveLength(2);
      await allow(idOf(one));
      await follower.untilFinal(1, 60_000);

      expect(await readRun(client, runId)).toMatchObject({ state: 'SUCCEEDED', attempt: 1, error: null });
      for (const name of [one, two]) expect(model.callsOf(`<${name}>`)).toHaveLength(2);
      const told = (name: string) => JSON.stringify(model.callsOf(`<${name}>`)[1]?.body);
      expect(told(one)).toContain('Europe/Rome');
      expect(told(two)).toContain('Africa/Cairo');
      const { run } = await client.request<{
        run: { steps: { nodes: { id: string; kind: string; state: string; attempt: number }[] } };
      }>(STEPS, { id: runId });
      const calls = run.steps.nodes.filter(({ kind }) => kind === 'TOOL');
      expect(calls).toMatchObject(Array.from({ length: 2 }, () => ({ state: 'SUCCEEDED', attempt: 1 })));
      const texts = follower.events.flatMap(({ message, __typename }) =>
        __typename === 'MessageCompleted' ? [message?.text] : [],
      );
      expect(texts.at(-1)).toBe(`**${one}**\n\nfirst\n\n**Inner${signal}**\n\nsecond`);
      await auditRoom(database, roomId, follower.events, cursor);
      await follower.close();
    },
  );
});
