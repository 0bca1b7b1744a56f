import type { RawTransaction } from '#core/database/transaction';
import { conflict } from '#core/error';
import { newId } from '#core/id';
import type { Branch, Message } from '#prisma/generated/client';
import type { Room } from '../conversation-event.ts';
import { pathOf } from './branch-path.ts';

/** Versions of messages that a room takes: all are looked at to tell what is shown. */
const MAX_BRANCHES = 1_000;

/** The branches of a room, the oldest first. */
export async function readBranches(tx: RawTransaction, roomId: string): Promise<Branch[]> {
  const rows = await tx.$queryRaw<(Omit<Branch, 'forkPosition'> & { forkPosition: string })[]>`
    SELECT id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId", parent_id::text AS "parentId",
           fork_position::text AS "forkPosition", origin_id::text AS "originId",
           first_message_id::text AS "firstMessageId", created_by_id::text AS "createdById", created_at AS "createdAt"
    FROM branches WHERE conversation_id = ${roomId}::uuid ORDER BY id`;
  return rows.map((row) => ({ ...row, forkPosition: BigInt(row.forkPosition) }));
}

/**
 * Shows another version of a message from now on, and nothing of what is behind the present one. Within a transaction
 * that has locked the room.
 * @param firstMessageId The new version, which is written after this.
 * @returns the first message that is no longer shown; null where all of them are.
 * @throws ParleyError `CONFLICT` where the room has as many versions as it takes.
 */
export async function beginBranch(
  tx: RawTransaction,
  room: Room,
  { of: message, firstMessageId, userId }: { of: Message; firstMessageId: string; userId: string },
): Promise<string | null> {
  const branches = await readBranches(tx, room.id);
  if (branches.length >= MAX_BRANCHES) {
    throw conflict(`A conversation takes ${MAX_BRANCHES} versions of its messages at most: fork it to go on.`);
  }
  // A further version of one that is a version itself parts from the same place.
  const sibling = branches.find((branch) => branch.firstMessageId === message.id);
  const begun: Branch = {
    id: newId(),
    orgId: room.orgId,
    conversationId: room.id,
    parentId: sibling ? sibling.parentId : message.branchId,
    forkPosition: sibling ? sibling.forkPosition : message.position,
    originId: sibling ? sibling.originId : message.id,
    firstMessageId,
    createdById: userId,
    createdAt: new Date(),
  };
  await tx.$executeRaw`
    INSERT INTO branches (id, org_id, conversation_id, parent_id, fork_position, origin_id, first_message_id,
                          created_by_id, created_at)
    VALUES (${begun.id}::uuid, ${begun.orgId}::uuid, ${begun.conversationId}::uuid, ${begun.parentId}::uuid,
            ${String(begun.forkPosition)}::bigint, ${begun.originId}::uuid, ${begun.firstMessageId}::uuid,
            ${begun.createdById}::uuid, ${begun.createdAt}::timestamptz)`;
  return showBranch(tx, room, [...branches, begun], begun.id);
}

/** Makes a branch what is shown of the room. @returns the first message that is no longer shown. */
export async function showBranch(
  tx: RawTransaction,
  room: Room,
  branches: readonly Branch[],
  branchId: string | null,
): Promise<string | null> {
  const path = JSON.stringify(pathOf(branches, branchId), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  await tx.$executeRaw`UPDATE conversations SET branch_id = ${branchId}::uuid WHERE id = ${room.id}::uuid`;
  const [first] = await tx.$queryRawUnsafe<{ id: string }[]>(SHOW, room.id, path);
  return first?.id ?? null;
}

const SHOW = `
  WITH changed AS (
    UPDATE messages m SET is_shown = NOT m.is_shown
    WHERE m.conversation_id = $1::uuid AND m.is_shown <> EXISTS (
      SELECT 1 FROM jsonb_to_recordset($2::jsonb) AS part ("branchId" uuid, "before" bigint)
      WHERE part."branchId" IS NOT DISTINCT FROM m.branch_id AND (part."before" IS NULL OR m.position < part."before"))
    RETURNING m.id, m.position, m.is_shown
  ) SELECT id::text FROM changed WHERE NOT is_shown ORDER BY position LIMIT 1`;
