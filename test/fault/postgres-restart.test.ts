import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from '#test/support/client';
import { createAgent, createRoom, SEND_MESSAGE, type SentMessage, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import { isFinal } from '#test/support/room-reader';
import { ServerProcess } from '#test/support/server-process';
import { auditRoom, openPool, seeded } from '#test/support/stream-audit';

const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);
const random = seeded(seed);

describe(`PostgreSQL that is restarted under load (TEST_SEED=${seed})`, { timeout: 150_000 }, () => {
  let server: ServerProcess;
  let client: TestClient;
  let pool: pg.Pool | undefined;
  const followers: RoomFollower[] = [];

  beforeAll(async () => {
    server = await ServerProcess.create();
    client = await server.owner();
  }, 120_000);

  afterAll(async () => {
    await Promise.all(followers.map((follower) => follower.close()));
    await client?.close();
    await pool?.end();
    await server?.remove();
  }, 60_000);

  it.each([
    ['told to stop', 'SIGINT'],
    ['crashed', 'SIGKILL'],
  ] as const)('%s: nothing that was acknowledged is lost, and every stream goes on', async (_how, signal) => {
    const agent = await createAgent(client);
    const talks = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const room = await createRoom(client, [agent]);
        const follower = new RoomFollower(client, room.id, room.cursor);
        followers.push(follower);
        return follower;
      }),
    );
    const notes = await createRoom(client, []);
    const noted = new RoomFollower(client, notes.id, notes.cursor);
    followers.push(noted);
    await Promise.all(talks.map((talk) => sendMessage(client, talk.roomId, 'write 90 words')));

    const acknowledged: string[] = [];
    const refused: string[] = [];
    let over = false;
    const writing = (async () => {
      for (let n = 0; !over; n++) {
        const input = { conversationId: notes.id, text: `note ${n}` };
        const answer = await client.send<{ sendMessage: SentMessage }>(SEND_MESSAGE, { input });
        if (answer.data?.sendMessage) acknowledged.push(answer.data.sendMessage.message.id);
        else refused.push(answer.errors?.[0]?.extensions.code ?? 'none');
        await sleep(20);
      }
    })();
    const busy = talks[0] as RoomFollower;
    const token = 5 + random(40);
    await busy.until(() => busy.deltas >= token);
    const before = await server.postmaster();
    process.kill(before, signal);
    while ([0, before].includes(await server.postmaster())) await sleep(50);
    await Promise.all(talks.map((talk) => talk.untilFinal(1, 60_000)));
    over = true;
    await writing;

    const failed = server.output.split('\n').filter((line) => line.includes('a request failed'));
    expect(
      refused.filter((code) => code !== 'UNAVAILABLE'),
      failed.join('\n'),
    ).toEqual([]);
    const last = acknowledged.at(-1);
    await noted.until(({ message }) => message?.id === last);
    const seen = noted.events.flatMap(({ message }) => message?.id ?? []);
    expect(acknowledged.filter((id) => !seen.includes(id))).toEqual([]);
    expect(new Set(seen).size).toBe(seen.length);
    await pool?.end();
    pool = openPool(await server.databaseUrl());
    for (const room of [...talks, noted]) {
      await auditRoom(pool, room.roomId, room.events, room.start);
      expect(room.events.filter(isFinal).every(({ run }) => run?.state === 'SUCCEEDED')).toBe(true);
    }
    // A session that outlived it is as good as before.
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });
});
