import pg from 'pg';
import { expect } from 'vitest';
import { decodeCursor } from '#core/graphql/pagination';
import type { RoomEvent } from './room-reader.ts';

interface LogRow {
  seq: number;
  type: string;
  payload: Record<string, unknown> & { text?: string; index?: number; attempt?: number };
}

const FINAL_STATES = ['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'LIMIT_REACHED'];

/** The place of an event in its room's stream. */
export const seqOf = (cursor: string): number => Number(decodeCursor(cursor)?.[1]);

/** The log of a room as it lies in the database. */
export async function readLog(database: pg.Pool, roomId: string): Promise<LogRow[]> {
  const { rows } = await database.query<{ seq: string; type: string; payload: string }>(
    'select seq, type, payload from stream_events where topic = $1 order by seq',
    [roomId],
  );
  return rows.map(({ seq, type, payload }) => ({ seq: Number(seq), type, payload: JSON.parse(payload) }));
}

/**
 * Compares what a client saw of a room with what the database holds of it: every event once and in order, one final
 * message a run, whose text is what was streamed in its last attempt, and one final state a run.
 * @param start The cursor that the client began behind.
 * @param retried The runs that were retried after they had ended, with how often.
 */
export async function auditRoom(
  database: pg.Pool,
  roomId: string,
  seen: readonly RoomEvent[],
  start: string,
  retried: Readonly<Record<string, number>> = {},
): Promise<void> {
  const log = await readLog(database, roomId);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  const expected = log.filter(({ seq }) => seq > seqOf(start));
  expect(seen.map(({ cursor, __typename }) => [seqOf(cursor), __typename])).toEqual(
    expected.map(({ seq, type }) => [seq, type]),
  );

  const { rows: runs } = await database.query<{ id: string; state: string; reply: string; attempt: number }>(
    'select id, state, reply_message_id as reply, attempt from runs where conversation_id = $1',
    [roomId],
  );
  for (const run of runs) {
    expect(FINAL_STATES).toContain(run.state);
    const ends = seen.filter((event) => event.run?.id === run.id && FINAL_STATES.includes(event.run.state));
    expect(ends).toHaveLength(1 + (retried[run.id] ?? 0));
    expect(ends.at(-1)?.run?.state).toBe(run.state);
    const { rows: replies } = await database.query<{ text: string; status: string }>(
      'select text, status from messages where id = $1',
      [run.reply],
    );
    // A run that was cancelled before it began has written nothing.
    if (run.attempt === 0) continue;
    expect(replies).toHaveLength(1);
    expect(replies[0]?.status).not.toBe('STREAMING');
    const completed = seen.filter(
      ({ __typename, message }) => __typename === 'MessageCompleted' && message?.id === run.reply,
    );
    expect(completed).toHaveLength(1 + (retried[run.id] ?? 0));
    expect(completed.at(-1)?.message?.text).toBe(replies[0]?.text);
    expect(streamedText(seen, run.reply)).toBe(replies[0]?.text);
    const restarts = seen.filter(
      ({ __typename, messageId }) => __typename === 'MessageRestarted' && messageId === run.reply,
    );
    expect(restarts.map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: run.attempt - 1 }, (_, index) => index + 2),
    );
  }
}

/** What a client has of a message that it put together from deltas; the deltas of each attempt count from 0. */
export function streamedText(seen: readonly RoomEvent[], messageId: string): string {
  let text = '';
  let index = 0;
  for (const event of seen) {
    if (event.messageId !== messageId) continue;
    if (event.__typename === 'MessageRestarted') {
      text = '';
      index = 0;
    }
    if (event.__typename !== 'MessageDelta') continue;
    expect(event.index).toBe(index);
    index += 1;
    text += event.text;
  }
  return text;
}

/** A random number generator with a seed, so that a failure can be brought about again. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

export const openPool = (url: string): pg.Pool => {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => {});
  return pool;
};
