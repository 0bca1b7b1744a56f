import type { RawTransaction } from '#core/database/transaction';
import { notFound } from '#core/error';

/**
 * Locks a room for what is going to be written in it. Every transaction that writes in a room begins with this: so they
 * follow one another, take their ids in that order, and cannot wait for each other in a circle.
 * @throws ParleyError `NOT_FOUND` where the room was deleted meanwhile.
 */
export async function lockRoom(tx: RawTransaction, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM conversations WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  if (rows.length === 0) throw notFound('conversation');
}

/** The same for the room of a run. Null where the run was deleted with its room. */
export async function lockRoomOfRun(tx: RawTransaction, runId: string): Promise<{ resuming: boolean } | null> {
  const [run] = await tx.$queryRaw<{ resuming: boolean }[]>`
    SELECT r.resuming FROM conversations c JOIN runs r ON r.conversation_id = c.id
    WHERE r.id = ${runId}::uuid FOR NO KEY UPDATE OF c`;
  return run ?? null;
}
