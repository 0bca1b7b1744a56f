import type { RawTransaction } from '#core/database/transaction';
import type { Message, Run } from '#prisma/generated/client';

/** What statements past the ORM return of a run, in the shape that the ORM gives it. */
export const RUN_COLUMNS = `
  id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId",
  trigger_message_id::text AS "triggerMessageId", reply_message_id::text AS "replyMessageId", agent_id::text AS "agentId",
  agent_version AS "agentVersion", started_by_id::text AS "startedById", state::text, attempt, fence,
  worker_id::text AS "workerId", lease_until AS "leaseUntil", cancel_requested_at AS "cancelRequestedAt", error, usage,
  queued_at AS "queuedAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

const MESSAGE_COLUMNS = `
  id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId", position::text,
  author_kind::text AS "authorKind", author_id::text AS "authorId", status::text, text, parts, run_id::text AS "runId",
  created_at AS "createdAt", completed_at AS "completedAt"`;

/** A message in a transaction past the ORM: added, or given another form. */
export async function insertMessage(tx: RawTransaction, message: Message): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts, run_id,
                          created_at, completed_at)
    VALUES (${message.id}::uuid, ${message.orgId}::uuid, ${message.conversationId}::uuid, ${String(message.position)}::bigint,
            ${message.authorKind}::"ParticipantKind", ${message.authorId}::uuid, ${message.status}::"MessageStatus",
            ${message.text}, ${JSON.stringify(message.parts)}::jsonb, ${message.runId}::uuid,
            ${message.createdAt}::timestamptz, ${message.completedAt}::timestamptz)`;
}

export type MessageForm = Pick<Message, 'status' | 'text' | 'parts' | 'completedAt'>;

/** Null where there is no such message yet. */
export async function reformMessage(tx: RawTransaction, id: string, form: MessageForm): Promise<Message | null> {
  const rows = await tx.$queryRawUnsafe<(Omit<Message, 'position'> & { position: string })[]>(
    `UPDATE messages SET status = $2::"MessageStatus", text = $3, parts = $4::jsonb, completed_at = $5::timestamptz
     WHERE id = $1::uuid RETURNING ${MESSAGE_COLUMNS}`,
    id,
    form.status,
    form.text,
    JSON.stringify(form.parts),
    form.completedAt,
  );
  return rows[0] ? { ...rows[0], position: BigInt(rows[0].position) } : null;
}

/** Adds a run that waits for a worker. */
export async function insertRun(tx: RawTransaction, run: Run): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO runs (id, org_id, conversation_id, trigger_message_id, reply_message_id, agent_id, started_by_id, queued_at)
    VALUES (${run.id}::uuid, ${run.orgId}::uuid, ${run.conversationId}::uuid, ${run.triggerMessageId}::uuid,
            ${run.replyMessageId}::uuid, ${run.agentId}::uuid, ${run.startedById}::uuid, ${run.queuedAt}::timestamptz)`;
}
