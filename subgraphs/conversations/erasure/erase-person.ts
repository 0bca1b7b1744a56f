import type { Database } from '#core/database/database';
import type { RawTransaction, Transactions } from '#core/database/transaction';
import { ParleyError } from '#core/error';
import { firstIdAt, newId } from '#core/id';
import type { JobContext } from '#core/job/job';
import { eventOf } from '../conversation-event.ts';
import type { RoomWriter } from '../room-writer.ts';

/** Messages that go in one transaction: few enough that nobody waits for it. */
const BATCH = 200;

export interface ErasePersonOptions {
  database: Database;
  transactions: Transactions;
  rooms: RoomWriter;
  /** Removes the files that no message has any more. */
  sweepFiles(): Promise<void>;
}

/**
 * Takes away what somebody wrote in each room of the organization of the current work: batch by batch, each whole by
 * itself, so that it can be put down at any moment and begun again. It is not finished while runs are open there that began
 * before: what they have in hand is written at their end.
 */
export async function erasePerson(
  { orgId, userId }: { orgId: string; userId: string },
  options: ErasePersonOptions,
  { signal }: Pick<JobContext, 'signal'>,
): Promise<void> {
  const { database, transactions, rooms, sweepFiles } = options;
  const open = await database.scoped.erasure.findFirst({ where: { userId, finishedAt: null } });
  if (!open) return;
  // Runs from then on have not seen his words.
  const before = { at: open.requestedAt, runId: firstIdAt(open.requestedAt) };
  const found = await database.scopedPool.query<{ id: string }>(ROOMS, [userId]);
  for (const { id } of found.rows) {
    for (let more = true; more; ) {
      signal.throwIfAborted();
      const erased = await rooms
        .write({ id, orgId }, ({ tx }) => eraseInRoom(tx, { id, orgId }, userId, before))
        .catch(zeroIfGone);
      more = erased === BATCH;
    }
  }
  await giveUpUploads(database, userId);
  await sweepFiles();
  const roomIds = found.rows.map(({ id }) => id);
  const { rows } = await database.scopedPool.query<{ messages: number; isOpen: boolean }>(STATE, [
    userId,
    roomIds,
    before.runId,
  ]);
  if (rows[0]?.isOpen) return;
  const messages = rows[0]?.messages ?? 0;
  await transactions.scoped(async (unit) => {
    await unit.tx.erasure.updateMany({ where: { userId }, data: { finishedAt: new Date() } });
    const payload = { userId, messages, rooms: found.rows.length };
    await unit.emit({ id: newId(), orgId, type: 'person.erased', payload });
  });
}

/** A batch of his messages; with the last one, everything else of him that is in the room. */
async function eraseInRoom(tx: RawTransaction, room: { id: string; orgId: string }, userId: string, before: Before) {
  const gone = await tx.$queryRaw<unknown[]>`
    WITH batch AS (
      SELECT m.id FROM messages m
      WHERE m.conversation_id = ${room.id}::uuid AND m.author_kind = 'USER' AND m.author_id = ${userId}::uuid
        AND NOT EXISTS (SELECT 1 FROM erased_messages e WHERE e.message_id = m.id)
      ORDER BY m.position LIMIT ${BATCH}
    ), blank AS (
      UPDATE messages m SET text = '', parts = '[]' FROM batch WHERE m.id = batch.id
    ), fileless AS (
      DELETE FROM attachment_uses u USING batch
      WHERE u.org_id = ${room.orgId}::uuid AND u.conversation_id = ${room.id}::uuid AND u.message_id = batch.id
    ), unruled AS (
      DELETE FROM message_rulings r USING batch WHERE r.org_id = ${room.orgId}::uuid AND r.message_id = batch.id
    )
    INSERT INTO erased_messages (message_id, org_id) SELECT id, ${room.orgId}::uuid FROM batch RETURNING 1`;
  if (gone.length === BATCH) return { made: gone.length, appends: [] };
  // The events keep their places: whoever replays the room meets them, empty.
  const replayed = await tx.$executeRaw`
    UPDATE stream_events SET payload =
      jsonb_set(jsonb_set(payload::jsonb, '{message,text}', '""'), '{message,parts}', '[]')::text
    WHERE topic = ${room.id}::uuid AND type IN ('MessageAdded', 'MessageCompleted') AND payload LIKE ${`%${userId}%`}
      AND payload::jsonb #>> '{message,authorId}' = ${userId}
      AND (payload::jsonb #>> '{message,text}' <> '' OR payload::jsonb #> '{message,parts}' <> '[]')`;
  const left = await tx.$executeRaw`
    UPDATE participants SET left_at = now()
    WHERE conversation_id = ${room.id}::uuid AND kind = 'USER' AND participant_id = ${userId}::uuid AND left_at IS NULL`;
  await eraseTraces(tx, room.id, userId, before);
  const who = { kind: 'USER' as const, participantId: userId };
  const appends = [
    ...(left > 0 ? [eventOf(room, 'ParticipantLeft', who)] : []),
    ...(left + replayed + gone.length > 0 ? [eventOf(room, 'PersonErased', who)] : []),
  ];
  return { made: gone.length, appends };
}

/** What was there when he was erased. */
interface Before {
  at: Date;
  /** Runs with a lesser id began before. */
  runId: string;
}

/**
 * The runs of a room that began before and are over: what is open goes on with what it has, and comes later.
 * @returns `own`: those that he had begun, and those that answer what he wrote, whoever had them begun.
 */
async function runsOn(
  tx: RawTransaction,
  roomId: string,
  userId: string,
  before: Before,
): Promise<{ ended: string[]; own: string[] }> {
  const rows = await tx.$queryRaw<{ id: string; isOwn: boolean }[]>`
    SELECT r.id::text, (r.started_by_id = ${userId}::uuid OR coalesce(m.author_id = ${userId}::uuid, false)) AS "isOwn"
    FROM runs r LEFT JOIN messages m ON m.id = r.trigger_message_id AND m.author_kind = 'USER'
    WHERE r.conversation_id = ${roomId}::uuid AND r.id < ${before.runId}::uuid
      AND r.state NOT IN ('QUEUED', 'RUNNING', 'WAITING')`;
  return { ended: rows.map(({ id }) => id), own: rows.filter(({ isOwn }) => isOwn).map(({ id }) => id) };
}

/** What he did beside writing, and what was made of his words on the way to an answer. The counts of it stay. */
async function eraseTraces(tx: RawTransaction, roomId: string, userId: string, before: Before): Promise<void> {
  await tx.$executeRaw`DELETE FROM reactions WHERE conversation_id = ${roomId}::uuid AND actor_kind = 'USER' AND actor_id = ${userId}::uuid`;
  await tx.$executeRaw`DELETE FROM read_marks WHERE conversation_id = ${roomId}::uuid AND user_id = ${userId}::uuid`;
  // Summaries hold words of everybody. Agents make new ones, of what is left.
  await tx.$executeRaw`
    DELETE FROM context_summaries
    WHERE conversation_id = ${roomId}::uuid AND (created_at < ${before.at}::timestamptz OR run_id < ${before.runId}::uuid)`;
  const { ended, own: runIds } = await runsOn(tx, roomId, userId, before);
  await tx.$executeRaw`
    UPDATE steps SET output = NULL
    WHERE kind = 'MODEL' AND key ~ '(^|/)fold/[0-9]+$' AND run_id = ANY(${ended}::uuid[])`;
  // A call of a model may have been asked what several had said, one behind the other.
  await tx.$executeRaw`
    UPDATE steps SET input = NULL
    WHERE input IS NOT NULL AND run_id = ANY(${ended}::uuid[]) AND (run_id = ANY(${runIds}::uuid[]) OR kind = 'MODEL')`;
  // The arguments of calls stand in what the model said as well.
  await tx.$executeRaw`
    UPDATE steps SET output = jsonb_set(output || '{"rawParts": null}', '{parts}', (
      SELECT coalesce(jsonb_agg(CASE WHEN part->>'type' = 'tool_call' THEN jsonb_set(part, '{args}', '{}') ELSE part END ORDER BY place), '[]')
      FROM jsonb_array_elements(output->'parts') WITH ORDINALITY AS said (part, place)))
    WHERE kind = 'MODEL' AND run_id = ANY(${runIds}::uuid[]) AND jsonb_typeof(output->'parts') = 'array'`;
  // What agents remembered of him, and what they found of his words, whomever they answered.
  await tx.$executeRaw`
    UPDATE steps SET output = NULL WHERE kind = 'TOOL' AND output IS NOT NULL AND run_id = ANY(${ended}::uuid[])
      AND (run_id = ANY(${runIds}::uuid[]) OR name IN ('search_conversation', 'memory_read'))`;
  await tx.$executeRaw`
    UPDATE approvals SET arguments = '{}', edited_arguments = NULL
    WHERE run_id = ANY(${runIds}::uuid[]) AND state::text <> 'PENDING'`;
  await tx.$executeRaw`
    UPDATE approvals SET reason = NULL WHERE conversation_id = ${roomId}::uuid AND decided_by_id = ${userId}::uuid`;
  await tx.$executeRaw`
    UPDATE stream_events SET payload =
      (payload::jsonb #- '{approval,reason}' || jsonb_build_object('approval', payload::jsonb->'approval'
        || '{"reason": null, "arguments": {}, "editedArguments": null}'))::text
    WHERE topic = ${roomId}::uuid AND type IN ('ApprovalRequested', 'ApprovalDecided')
      AND (payload::jsonb #>> '{approval,decidedById}' = ${userId}
        OR payload::jsonb #>> '{approval,runId}' = ANY(${runIds}::text[]))`;
  // What he said by voice: its turns are messages, erased above.
  await tx.$executeRaw`
    WITH heads AS (
      UPDATE stream_heads h SET kept_seq = h.last_seq + 1 FROM live_sessions s
      WHERE s.conversation_id = ${roomId}::uuid AND s.user_id = ${userId}::uuid AND h.topic = s.id RETURNING h.topic
    ) DELETE FROM stream_events e USING heads WHERE e.topic = heads.topic`;
  await tx.$executeRaw`
    UPDATE live_sessions SET uncovered = '[]', handle = NULL
    WHERE conversation_id = ${roomId}::uuid AND user_id = ${userId}::uuid AND ended_at IS NOT NULL`;
}

/** What he has uploaded and not sent. */
async function giveUpUploads({ scoped }: Database, userId: string): Promise<void> {
  const unsent = { createdByKind: 'USER' as const, createdById: userId, sentAt: null };
  await scoped.attachment.updateMany({ where: unsent, data: { expiresAt: new Date(0) } });
}

/** A room that was deleted meanwhile has nothing of him. */
function zeroIfGone(error: unknown): number {
  if (error instanceof ParleyError && error.code === 'NOT_FOUND') return 0;
  throw error;
}

/** Whoever wrote in a room was in it, and his row stays when he leaves. */
const ROOMS = `
  SELECT DISTINCT conversation_id::text AS id FROM participants WHERE kind = 'USER' AND participant_id = $1::uuid`;

const STATE = `
  SELECT (SELECT count(*)::int FROM erased_messages e JOIN messages m ON m.id = e.message_id
          WHERE m.author_kind = 'USER' AND m.author_id = $1::uuid) AS messages,
         EXISTS (SELECT 1 FROM runs r WHERE r.conversation_id = ANY($2::uuid[]) AND r.id < $3::uuid
                   AND r.state IN ('QUEUED', 'RUNNING', 'WAITING')) AS "isOpen"`;
