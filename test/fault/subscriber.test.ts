import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from '#test/support/client';
import { createAgent, createRoom, sendMessage } from '#test/support/room-call';
import { isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ServerProcess } from '#test/support/server-process';
import { SlowSocket } from '#test/support/slow-socket';
import { auditRoom, openPool } from '#test/support/stream-audit';

const follow = (fields: string) =>
  `subscription ($id: ID!, $after: String) { conversationEvents(conversationId: $id, after: $after) { ${fields} } }`;

describe('subscribers', { timeout: 90_000 }, () => {
  let server: ServerProcess;
  let client: TestClient;
  let pool: pg.Pool;
  let agent: string;

  beforeAll(async () => {
    server = await ServerProcess.create();
    client = await server.owner();
    pool = openPool(await server.databaseUrl());
    agent = await createAgent(client);
  }, 120_000);

  afterAll(async () => {
    await client?.close();
    await pool?.end();
    await server?.remove();
  }, 60_000);

  const residentMegabytes = async () => {
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  };

  it('that select deltas alone cost no other subgraph a call; those that select names get them on every event', async () => {
    const room = await createRoom(client, [agent]);
    const first = new RoomReader(client, room.id, room.cursor);
    await sendMessage(client, room.id, 'hello');
    await first.until(isFinal);
    await first.close();

    const socket = client.socket({ lazy: false, keepAlive: 0 });
    await new Promise<void>((resolve) => socket.on('connected', () => resolve()));
    const replay = (fields: string) => {
      const events: RoomEvent[] = [];
      const errors: unknown[] = [];
      const end = socket.subscribe<{ conversationEvents: RoomEvent }>(
        { query: follow(fields), variables: { id: room.id, after: room.cursor } },
        {
          next: ({ data, errors: given }) => {
            if (data?.conversationEvents) events.push(data.conversationEvents);
            errors.push(...(given ?? []));
          },
          error: (error) => errors.push(error),
          complete: () => {},
        },
      );
      return { events, errors, end };
    };
    const until = async (done: () => boolean) => {
      while (!done()) await sleep(20);
    };

    // Whoever asks the owners of agents and users now has to wait.
    const lock = await pool.connect();
    await lock.query('begin');
    await lock.query('lock table agents, users in access exclusive mode');
    const lean = replay(
      '__typename cursor ... on MessageDelta { messageId index text } ... on MessageAdded { message { id } }',
    );
    const rich = replay(
      '__typename cursor ... on MessageAdded { message { author { ... on Agent { name } ... on User { name } } } }',
    );
    await until(() => lean.events.length === first.events.length);
    expect(lean.errors).toEqual([]);
    expect(rich.events).toEqual([]);
    await lock.query('rollback');
    lock.release();

    await until(() => rich.events.length === first.events.length);
    expect(rich.errors).toEqual([]);
    const named = rich.events.flatMap(({ message }) => message?.author.name ?? []);
    expect(named).toEqual(
      first.events.filter(({ __typename }) => __typename === 'MessageAdded').map(({ message }) => message?.author.name),
    );
    expect(named.at(-1)).toBe('Ada');
    lean.end();
    rich.end();
  });

  /** Enough that holding everything for them would dwarf whatever else moves a process's memory. */
  const SLOW_READERS = 60;

  it('that read a byte a second hold up nobody and fill no memory', async () => {
    const room = await createRoom(client, [agent]);
    const long = 'x'.repeat(95_000);
    const heavy = await quietRoom();
    for (let n = 0; n < 60; n++) await sendMessage(client, heavy.id, long);
    const before = await residentMegabytes();
    const payload = {
      query: follow('cursor ... on MessageAdded { message { text parts { ... on TextPart { text } } } }'),
      variables: { id: heavy.id, after: heavy.cursor },
    };
    const slow = await Promise.all(
      Array.from({ length: SLOW_READERS }, () => SlowSocket.open(server.url, client.token ?? '', payload)),
    );
    // More comes while they are at it.
    for (let n = 0; n < 20; n++) await sendMessage(client, heavy.id, long);
    const reader = new RoomReader(client, room.id, room.cursor);
    await sendMessage(client, room.id, 'write 40 words');
    await reader.until(isFinal);
    await reader.close();
    await auditRoom(pool, room.id, reader.events, room.cursor);
    // Each would have been sent more than 15 MB. What the process keeps for itself between two collections is in it too.
    expect((await residentMegabytes()) - before).toBeLessThan((SLOW_READERS * 15) / 2);
    for (const each of slow) each.close();

    const whole = new RoomReader(client, heavy.id, heavy.cursor);
    await whole.until(() => whole.events.length === 80);
    await whole.close();
    await auditRoom(pool, heavy.id, whole.events, heavy.cursor);
  });

  const quietRoom = () => createRoom(client, []);

  it('that come back after the retention are told of the gap, load anew and go on', async () => {
    const room = await quietRoom();
    for (const text of ['one', 'two', 'three']) await sendMessage(client, room.id, text);
    await pool.query(
      `with gone as (delete from stream_events where topic = $1 and seq <= 3 returning 1)
       update stream_heads set kept_seq = 4 where topic = $1`,
      [room.id],
    );
    const late = new RoomReader(client, room.id, room.cursor);
    const gap = await late.until(({ __typename }) => __typename === 'StreamGap');
    expect(late.events).toHaveLength(1);
    const { conversation } = await client.request<{
      conversation: { cursor: string; messages: { nodes: { text: string }[] } };
    }>('query ($id: ID!) { conversation(id: $id) { cursor messages(last: 10) { nodes { text } } } }', { id: room.id });
    expect(conversation.messages.nodes.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect(gap.cursor).toBe(conversation.cursor);
    const again = new RoomReader(client, room.id, conversation.cursor);
    await sendMessage(client, room.id, 'four');
    for (const reader of [late, again]) {
      expect((await reader.until(({ message }) => message !== undefined)).message?.text).toBe('four');
      await reader.close();
    }
  });

  it('may leave a room in which nothing happens', async () => {
    const room = await quietRoom();
    const gauge = async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^parley_\w*subscriptions\w* (\d+)/m.exec(text)?.[1]);
    };
    const readers = Array.from({ length: 5 }, () => new RoomReader(client, room.id, null));
    while ((await gauge()) < 5) await sleep(100);
    await Promise.all(readers.map((reader) => reader.close()));
    while ((await gauge()) > 0) await sleep(100);
    expect(readers.flatMap(({ events }) => events)).toEqual([]);
  });
});
