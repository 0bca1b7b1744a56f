import { once } from 'node:events';
import { connect } from 'node:net';
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

/** How often the server is killed while one and the same reply is written. */
const KILLS = 5;

describe(`a server that is killed with -9 (TEST_SEED=${seed})`, { timeout: 240_000 }, () => {
  let server: ServerProcess;
  let client: TestClient;
  let database: pg.Pool;
  let agentId: string;
  const followers: RoomFollower[] = [];

  const enter = async (): Promise<RoomFollower> => {
    const room = await createRoom(client, [agentId]);
    const follower = new RoomFollower(client, room.id, room.cursor);
    followers.push(follower);
    return follower;
  };
  const restart = async () => {
    await server.end('SIGKILL');
    await server.start();
  };

  /** Killed between the effect of a request and its answer: the client sends it again, with the same key. */
  const dieBeforeTheAnswer = async () => {
    const room = await enter();
    const key = { 'idempotency-key': `order-${seed}` };
    const input = { conversationId: room.roomId, text: 'write 20 words' };
    const gate = await holdUpdates(database, 'idempotent_requests');
    const unanswered = client.send(SEND_MESSAGE, { input }, key).catch((error: unknown) => error);
    await gate.untilWaitedFor();
    await server.end('SIGKILL');
    await gate.release();
    expect(await unanswered).toBeInstanceOf(Error);
    await server.start();

    const again = await client.request<{ sendMessage: SentMessage }>(SEND_MESSAGE, { input }, key);
    await room.untilFinal(1);
    const { rows } = await database.query(
      "select id from messages where conversation_id = $1 and author_kind = 'USER'",
      [room.roomId],
    );
    expect(rows).toEqual([{ id: again.sendMessage.message.id }]);
    expect(room.events.filter(isFinal).map(({ run }) => run?.id)).toEqual([again.sendMessage.run?.id]);
    await auditRoom(database, room.roomId, room.events, room.start);
  };

  beforeAll(async () => {
    server = await ServerProcess.create();
    client = await server.owner();
    database = openPool(await server.databaseUrl());
    agentId = await createAgent(client);
  }, 120_000);

  afterAll(async () => {
    await Promise.all(followers.map((follower) => follower.close()));
    await client?.close();
    await database?.end();
    await server?.remove();
  }, 60_000);

  it('ends each reply once and whole and does nothing twice, wherever it was killed', async () => {
    const [long, atToken, justSent, beforeCommit, behind] = await Promise.all([
      enter(),
      enter(),
      enter(),
      enter(),
      enter(),
    ]);
    await sendMessage(client, behind.roomId, 'write 40 words');
    await sendMessage(client, behind.roomId, 'repeat after the other one');
    await sendMessage(client, beforeCommit.roomId, 'hello');
    const reply = await beforeCommit.until(({ message }) => message?.status === 'STREAMING');
    const commit = await holdRow(database, 'messages', reply.message?.id ?? '');
    await commit.untilWaitedFor();
    const longRun = await sendMessage(client, long.roomId, 'count to 300');
    await sendMessage(client, atToken.roomId, 'write 120 words');
    const token = 1 + random(50);
    await atToken.until(() => atToken.deltas >= token);
    await sendMessage(client, justSent.roomId, 'hello');
    await server.end('SIGKILL');
    await commit.release();
    await server.start();

    for (let kill = 2; kill <= KILLS; kill++) {
      await long.until((event) => event.__typename === 'MessageRestarted' && event.attempt === kill);
      const before = long.deltas;
      const further = 1 + random(30);
      await long.until(() => long.deltas >= before + further);
      if (kill < KILLS) await restart();
    }
    await dieBeforeTheAnswer();
    await Promise.all([long, atToken, justSent, beforeCommit].map((room) => room.untilFinal(1, 60_000)));
    await behind.untilFinal(2, 60_000);

    expect(long.events.find(isFinal)?.run).toMatchObject({
      id: longRun.run?.id,
      state: 'SUCCEEDED',
      attempt: KILLS + 1,
    });
    expect(atToken.events.filter(({ __typename }) => __typename === 'MessageRestarted').length).toBeGreaterThan(0);
    for (const room of [long, atToken, justSent, beforeCommit, behind]) {
      await auditRoom(database, room.roomId, room.events, room.start);
      expect(room.events.filter(isFinal).every(({ run }) => run?.state === 'SUCCEEDED')).toBe(true);
    }
    // What was charged: one call a finished attempt, whatever died before.
    const { rows } = await database.query(
      `select r.id from runs r left join model_calls c on c.run_id = r.id and c.outcome = 'SUCCEEDED'
       group by r.id having count(c.id) <> 1`,
    );
    expect(rows).toEqual([]);
  });

  it('drains at SIGTERM: what can end ends, the rest goes on after the next start', async () => {
    const [short, long] = await Promise.all([enter(), enter()]);
    await sendMessage(client, short.roomId, 'write 40 words');
    await sendMessage(client, long.roomId, 'write 240 words');
    await Promise.all([short, long].map((room) => room.until(() => room.deltas > 5)));
    // A request that does not come to its end keeps nobody from ending his.
    const idler = connect(Number(new URL(server.url).port), '127.0.0.1');
    idler.on('error', () => {}).write('POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{');
    await once(idler, 'connect');
    expect(await server.end('SIGTERM')).toBe(0);
    idler.destroy();
    expect(await server.postmaster()).toBe(0);
    await server.start();
    await Promise.all([short, long].map((room) => room.untilFinal(1, 90_000)));
    expect(short.events.find(isFinal)?.run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(long.events.find(isFinal)?.run).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    await database.end();
    database = openPool(await server.databaseUrl());
    for (const room of [short, long]) await auditRoom(database, room.roomId, room.events, room.start);
  });
});

interface Hold {
  /** Resolves once somebody waits for what is held. */
  untilWaitedFor(): Promise<void>;
  release(): Promise<void>;
}

async function hold(
  database: pg.Pool,
  begin: (client: pg.PoolClient) => Promise<unknown>,
  end: string[],
): Promise<Hold> {
  const client = await database.connect();
  await begin(client);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return {
    async untilWaitedFor() {
      for (;;) {
        const waiting = await database.query('select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
          rows[0]?.pid,
        ]);
        if (waiting.rowCount) return;
        await sleep(20);
      }
    },
    async release() {
      for (const statement of end) await client.query(statement);
      client.release();
    },
  };
}

/** Locks one row, so that whoever writes it waits. */
const holdRow = (database: pg.Pool, table: string, id: string): Promise<Hold> =>
  hold(
    database,
    async (client) => {
      await client.query('begin');
      await client.query(`select 1 from ${table} where id = $1 for update`, [id]);
    },
    ['rollback'],
  );

/** Makes every update of a table wait; inserts go through. */
const holdUpdates = (database: pg.Pool, table: string): Promise<Hold> =>
  hold(
    database,
    async (client) => {
      await client.query(`
        create or replace function held_by_test() returns trigger language plpgsql as
          $$ begin perform pg_advisory_xact_lock(4711); return new; end $$`);
      await client.query(
        `create trigger held_by_test before update on ${table} for each row
         when (new.response is not null) execute function held_by_test()`,
      );
      await client.query('select pg_advisory_lock(4711)');
    },
    [`drop trigger held_by_test on ${table}`, 'select pg_advisory_unlock(4711)'],
  );
