import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TestClient } from '#test/support/client';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { createAgent, createRoom, sendMessage } from '#test/support/room-call';
import { RoomFollower } from '#test/support/room-follower';
import { ServerProcess } from '#test/support/server-process';
import { auditRoom, openPool, readLog } from '#test/support/stream-audit';

describe('a worker that is paused for longer than its claim lasts', { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let servers: ServerProcess[] = [];
  let clients: TestClient[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    pool = openPool(database.url);
    const variables = { DATABASE_URL: database.url, PARLEY_SECRET: 'one secret that both of the servers share' };
    servers = [await ServerProcess.create(variables)];
    servers.push(await ServerProcess.create(variables));
    const owner = await servers[0]?.owner();
    clients = servers.map(({ url }) => new TestClient(url, owner?.token));
  }, 180_000);

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(servers.map((server) => server.remove()));
    await pool?.end();
    await database?.drop();
  }, 60_000);

  /** The name under which a server claims runs is also the one under which it holds idempotency keys. */
  const nameOf = async (client: TestClient, roomId: string, key: string): Promise<string> => {
    await client.request(
      'mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) { conversation { id } } }',
      { input: { conversationId: roomId, title: key } },
      { 'idempotency-key': key },
    );
    const { rows } = await pool.query<{ owner: string }>('select owner from idempotent_requests where key = $1', [key]);
    return rows[0]?.owner ?? '';
  };

  it('writes nothing once it wakes up: the reply is that of the worker that took over', async () => {
    const [first, second] = clients as [TestClient, TestClient];
    const room = await createRoom(first, [await createAgent(first)]);
    const names = [await nameOf(first, room.id, 'first'), await nameOf(second, room.id, 'second')];
    const followers = clients.map((client) => new RoomFollower(client, room.id, room.cursor));
    const { run } = await sendMessage(first, room.id, 'count to 150');
    await followers[0]?.until(() => (followers[0]?.deltas ?? 0) > 3);

    const { rows } = await pool.query<{ worker: string }>('select worker_id as worker from runs where id = $1', [
      run?.id,
    ]);
    const owner = names.indexOf(rows[0]?.worker ?? '');
    expect(owner).toBeGreaterThanOrEqual(0);
    servers[owner]?.signal('SIGSTOP');
    const witness = followers[1 - owner] as RoomFollower;
    await witness.until(({ __typename }) => __typename === 'MessageRestarted');
    await witness.until(
      ({ __typename, attempt, index }) => __typename === 'MessageDelta' && attempt === 2 && index === 20,
    );
    servers[owner]?.signal('SIGCONT');

    await Promise.all(followers.map((follower) => follower.untilFinal(1)));
    await Promise.all(followers.map((follower) => follower.close()));
    for (const { events } of followers) await auditRoom(pool, room.id, events, witness.start);
    const log = await readLog(pool, room.id);
    const restart = log.findIndex(({ type }) => type === 'MessageRestarted');
    expect(log.slice(restart).filter(({ payload }) => payload.attempt === 1)).toEqual([]);
    const { rows: calls } = await pool.query('select outcome from model_calls where run_id = $1', [run?.id]);
    expect(calls).toEqual([{ outcome: 'SUCCEEDED' }]);
  });
});
