import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** Keeps everybody from writing in a room, so that a test says who comes first. */
export interface RoomGate {
  /** Resolves once so many wait to write. */
  waiting(count: number): Promise<void>;
  /** Lets them write, in the order in which they came. */
  release(): Promise<void>;
}

const WAITING =
  "select count(*)::int as count from pg_locks where not granted and locktype in ('transactionid', 'tuple')";

export async function holdRoom(pool: pg.Pool, roomId: string): Promise<RoomGate> {
  const client = await pool.connect();
  await client.query('begin');
  await client.query('select 1 from conversations where id = $1 for update', [roomId]);
  return {
    async waiting(count) {
      for (;;) {
        const { rows } = await pool.query<{ count: number }>(WAITING);
        if ((rows[0]?.count ?? 0) >= count) return;
        await sleep(20);
      }
    },
    async release() {
      await client.query('commit');
      client.release();
    },
  };
}
