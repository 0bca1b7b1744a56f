import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { GEMINI } from '#core/model/dialect.fixture';
import { stream, streamThenStall } from '#core/model/fault-server.fixture';
import type { TestClient } from '#test/support/client';
import { startDoomedServer } from '#test/support/doomed-server';
import { createAgent, createRoom, readRun, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import type { ScriptedModel } from '#test/support/scripted-model';
import type { ServerProcess } from '#test/support/server-process';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('files of a server that is killed with -9', { timeout: 180_000 }, () => {
  let model: ScriptedModel;
  let server: ServerProcess;
  let client: TestClient;
  let database: pg.Pool;

  beforeAll(async () => {
    ({ model, server, client, database } = await startDoomedServer({}, GEMINI));
  }, 120_000);

  /** The names of what lies in the store, but for what tells whose it is. */
  const stored = async () =>
    (await readdir(join(server.dataFolder, 'files'), { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile() && entry.name !== 'installation')
      .map(({ name }) => name);

  const until = async (holds: () => Promise<boolean>, withinMs: number) => {
    for (const deadline = Date.now() + withinMs; !(await holds()); ) {
      if (Date.now() > deadline) throw new Error('It did not come to that.');
      await sleep(50);
    }
  };

  it('leave nothing half behind where one was being uploaded', async () => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    const header = [
      'POST /uploads HTTP/1.1',
      `Host: 127.0.0.1:${server.port}`,
      `Authorization: Bearer ${client.token}`,
      'Content-Type: application/pdf',
      'Content-Length: 4000000',
    ];
    socket.write(`${header.join('\r\n')}\r\n\r\n%PDF-1.4\n`);
    socket.write(randomBytes(1_000_000));
    await until(async () => (await stored()).length > 0, 20_000);
    await server.end('SIGKILL');
    if (!socket.closed) await once(socket, 'close');
    expect((await database.query('SELECT state FROM attachments')).rows).toEqual([{ state: 'RECEIVING' }]);
    await server.start();
    await until(async () => (await stored()).length === 0, 20_000);
    await until(async () => (await database.query('SELECT 1 FROM attachments')).rows.length === 0, 20_000);
  });

  it('show a picture once that was being made, and keep no other', async () => {
    const drawn = `data: ${JSON.stringify({
      candidates: [{ content: { role: 'model', parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] } }],
    })}\n\n`;
    model.next(streamThenStall(GEMINI.text('Look: ') + drawn), stream(drawn + GEMINI.finish('STOP')));
    const agent = await createAgent(client, { model: model.modelId });
    const { id: roomId, cursor } = await createRoom(client, [agent]);
    const follower = new RoomFollower(client, roomId, cursor);
    const { run } = await sendMessage(client, roomId, 'Draw.');
    await follower.until(({ __typename }) => __typename === 'MessageAttachmentAdded');
    await server.end('SIGKILL');
    await server.start();
    await follower.untilFinal(1, 60_000);
    await follower.close();
    expect(await readRun(client, run?.id ?? '')).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    const { conversation } = await client.request<{
      conversation: { messages: { nodes: { text: string; attachments: { id: string }[] }[] } };
    }>('query ($id: ID!) { conversation(id: $id) { messages(last: 1) { nodes { text attachments { id } } } } }', {
      id: roomId,
    });
    const [reply] = conversation.messages.nodes;
    expect(reply).toMatchObject({ text: '', attachments: [{}] });
    const uses = await database.query<{ id: string }>('SELECT attachment_id::text AS id FROM attachment_uses');
    expect(uses.rows).toEqual(reply?.attachments);
    // The first one belongs to nothing any more: the next round takes it, of which each start makes one.
    await server.end('SIGTERM');
    await server.start();
    await until(async () => (await stored()).length === 1, 20_000);
    expect(await stored()).toEqual(reply?.attachments.map(({ id }) => id));
  });
});
