import type { RawTransaction } from '#core/database/transaction';
import { conflict } from '#core/error';
import { newId } from '#core/id';
import type { Message } from '#prisma/generated/client';
import { pathOf } from '../branch/branch-path.ts';
import { readBranches } from '../branch/branch-row.ts';
import type { Room } from '../conversation-event.ts';

/** Messages that are copied in one transaction at most. */
const MAX_COPIED = 20_000;

/** The messages of a history up to one of them, the oldest first: all that is whole and was not taken back. */
export async function historyUpTo(tx: RawTransaction, message: Message): Promise<string[]> {
  const branches = await readBranches(tx, message.conversationId);
  const path = JSON.stringify(pathOf(branches, message.branchId), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const rows = await tx.$queryRawUnsafe<{ id: string }[]>(
    HISTORY,
    message.conversationId,
    String(message.position),
    path,
    MAX_COPIED + 1,
  );
  if (rows.length > MAX_COPIED)
    throw conflict(`At most ${MAX_COPIED} messages are taken along: choose an earlier one.`);
  return rows.map(({ id }) => id);
}

const HISTORY = `
  SELECT m.id::text FROM messages m
  WHERE m.conversation_id = $1::uuid AND m.position <= $2::bigint AND m.status <> 'STREAMING'
    AND EXISTS (
      SELECT 1 FROM jsonb_to_recordset($3::jsonb) AS part ("branchId" uuid, "before" bigint)
      WHERE part."branchId" IS NOT DISTINCT FROM m.branch_id AND (part."before" IS NULL OR m.position < part."before"))
    AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = m.run_id AND r.rolled_back_at IS NOT NULL)
  ORDER BY m.position LIMIT $4::int`;

/**
 * Copies messages into a room, where they have the first places. Their files are those of the originals; how they came
 * about is not copied, and nothing of it goes on there.
 */
export async function copyMessages(tx: RawTransaction, room: Room, ids: readonly string[]): Promise<void> {
  const copies = ids.map(() => newId());
  await tx.$executeRaw`
    INSERT INTO messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts, created_at,
                          completed_at)
    SELECT t.copy, m.org_id, ${room.id}::uuid, t.place, m.author_kind, m.author_id, m.status, m.text, m.parts,
           m.created_at, m.completed_at
    FROM unnest(${ids}::uuid[], ${copies}::uuid[]) WITH ORDINALITY AS t (id, copy, place) JOIN messages m ON m.id = t.id`;
  await tx.$executeRaw`
    INSERT INTO attachment_uses (org_id, attachment_id, message_id, conversation_id)
    SELECT u.org_id, u.attachment_id, t.copy, ${room.id}::uuid
    FROM unnest(${ids}::uuid[], ${copies}::uuid[]) AS t (id, copy) JOIN attachment_uses u ON u.message_id = t.id`;
  await tx.$executeRaw`
    INSERT INTO erased_messages (message_id, org_id, erased_at)
    SELECT t.copy, e.org_id, e.erased_at
    FROM unnest(${ids}::uuid[], ${copies}::uuid[]) AS t (id, copy) JOIN erased_messages e ON e.message_id = t.id`;
  // Whoever wrote in a room has a row in it, though he was never there: his words are found when he is erased.
  const authors = await tx.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT author_id::text AS id FROM messages
    WHERE conversation_id = ${room.id}::uuid AND author_kind = 'USER'`;
  await tx.$executeRaw`
    INSERT INTO participants (id, org_id, conversation_id, kind, participant_id, left_at)
    SELECT t.id, ${room.orgId}::uuid, ${room.id}::uuid, 'USER', t.author, now()
    FROM unnest(${authors.map(() => newId())}::uuid[], ${authors.map(({ id }) => id)}::uuid[]) AS t (id, author)
    ON CONFLICT (conversation_id, kind, participant_id) DO NOTHING`;
}
