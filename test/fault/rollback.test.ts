import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from '#test/support/client';
import { startDoomedServer } from '#test/support/doomed-server';
import { createAgent, createRoom, readRun, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import type { ScriptedModel } from '#test/support/scripted-model';
import type { ServerProcess } from '#test/support/server-process';
import { auditRoom } from '#test/support/stream-audit';

describe('a server that is killed right behind a message that takes back what is under way', {
  timeout: 180_000,
}, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let client: TestClient;
  let database: pg.Pool;

  beforeAll(async () => {
    ({ model, server, client, database } = await startDoomedServer());
  }, 120_000);

  it('has it cancelled and hidden from models when it comes again', async () => {
    const agent = await createAgent(client, { model: model.modelId });
    const { id: roomId, cursor } = await createRoom(client, [agent]);
    const follower = new RoomFollower(client, roomId, cursor);
    model.next(model.held('A wrong beginning').play);
    const first = await sendMessage(client, roomId, 'Tell me about cats');
    while (!follower.events.some(({ text }) => text === 'A wrong beginning')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const second = await sendMessage(client, roomId, 'No, about dogs', { whenBusy: 'ROLLBACK' });
    await server.end('SIGKILL');
    await server.start();
    await follower.untilFinal(2, 60_000);

    expect(await readRun(client, first.run?.id ?? '')).toMatchObject({ state: 'CANCELLED', error: null });
    expect(await readRun(client, second.run?.id ?? '')).toMatchObject({ state: 'SUCCEEDED' });
    expect(model.calls).toHaveLength(2);
    const prompt = JSON.stringify(model.calls[1]?.body);
    expect(prompt).toMatch(/cats.*dogs/);
    expect(prompt).not.toContain('A wrong beginning');
    const { conversation } = await client.request<{ conversation: { messages: { nodes: unknown[] } } }>(
      'query ($id: ID!) { conversation(id: $id) { messages(last: 9) { nodes { status rolledBackAt } } } }',
      { id: roomId },
    );
    expect(conversation.messages.nodes).toEqual([
      { status: 'COMPLETE', rolledBackAt: null },
      { status: 'CANCELLED', rolledBackAt: expect.any(String) },
      { status: 'COMPLETE', rolledBackAt: null },
      { status: 'COMPLETE', rolledBackAt: null },
    ]);
    await follower.close();
    await auditRoom(database, roomId, follower.events, cursor);
  });
});
