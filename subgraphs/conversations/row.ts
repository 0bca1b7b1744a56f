import type { RawTransaction } from '#core/database/transaction';
import type { Message, Run } from '#prisma/generated/client';

/** What statements past the ORM return of a run, in the shape that the ORM gives it. */
export const RUN_COLUMNS = `
  id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId",
  trigger_message_id::text AS "triggerMessageId", reply_message_id::text AS "replyMessageId", agent_id::text AS "agentId",
  agent_version AS "agentVersion", started_by_id::text AS "startedById", state::text, attempt, fence,
  worker_id::text AS "workerId", lease_until AS "leaseUntil", cancel_requested_at AS "cancelRequestedAt", error, usage,
  queued_at AS "queuedAt", started_at AS "startedAt", finished_at AS "finishedAt", waiting_for::text AS "waitingFor",
  resuming, active_ms AS "activeMs", active_since AS "activeSince", delta_count AS "deltaCount",
  journal_count AS "journalCount", team_state AS "teamState", rolled_back_at AS "rolledBackAt",
  rolled_back_by_id::text AS "rolledBackById", branch_id::text AS "branchId", limit_rounds AS "limitRounds",
  earlier_attempts AS "earlierAttempts", traceparent`;

export const MESSAGE_COLUMNS = `
  id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId", position::text,
  author_kind::text AS "authorKind", author_id::text AS "authorId", status::text, text, parts, run_id::text AS "runId",
  created_at AS "createdAt", completed_at AS "completedAt", branch_id::text AS "branchId", is_shown AS "isShown"`;

export const STEP_COLUMNS = `
  id::text, org_id::text AS "orgId", run_id::text AS "runId", parent_id::text AS "parentId", key, kind::text,
  effect::text, name, agent_id::text AS "agentId", agent_version AS "agentVersion", depth, state::text, attempt, input,
  output, error, usage, decision, message_id::text AS "messageId", started_at AS "startedAt", finished_at AS "finishedAt"`;

export const APPROVAL_COLUMNS = `
  id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId", run_id::text AS "runId",
  step_id::text AS "stepId", kind::text, state::text, agent_id::text AS "agentId", subject, arguments,
  edited_arguments AS "editedArguments", required_role AS "requiredRole", requested_at AS "requestedAt",
  expires_at AS "expiresAt", on_expiry::text AS "onExpiry", decided_by_id::text AS "decidedById",
  decided_at AS "decidedAt", reason`;

/** Adds a message past the ORM: to the branch of its run, or to the one that is shown. */
export async function insertMessage(tx: RawTransaction, message: Message): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts, run_id,
                          created_at, completed_at, branch_id, is_shown)
    SELECT ${message.id}::uuid, c.org_id, c.id, ${String(message.position)}::bigint,
           ${message.authorKind}::"ParticipantKind", ${message.authorId}::uuid, ${message.status}::"MessageStatus",
           ${message.text}, ${JSON.stringify(message.parts)}::jsonb, r.id,
           ${message.createdAt}::timestamptz, ${message.completedAt}::timestamptz,
           CASE WHEN r.id IS NULL THEN c.branch_id ELSE r.branch_id END,
           r.id IS NULL OR r.branch_id IS NOT DISTINCT FROM c.branch_id
    FROM conversations c LEFT JOIN runs r ON r.id = ${message.runId}::uuid
    WHERE c.id = ${message.conversationId}::uuid`;
}

/** A message as it stands; null where there is none. */
export async function readMessage(tx: RawTransaction, id: string): Promise<Message | null> {
  const rows = await tx.$queryRawUnsafe<StoredMessage[]>(
    `SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id = $1::uuid`,
    id,
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

/** A position is larger than a number of JavaScript holds. */
type StoredMessage = Omit<Message, 'position'> & { position: string };

export const toMessage = (row: StoredMessage): Message => ({ ...row, position: BigInt(row.position) });

export type MessageForm = Pick<Message, 'status' | 'text' | 'parts' | 'completedAt'>;

/**
 * Null where there is no such message yet. Of files, one that has ended has no others than those of its parts: what was made
 * for an attempt that came to nothing goes.
 * @param options `whileStreaming`: only one that has not ended.
 */
export async function reformMessage(
  tx: RawTransaction,
  id: string,
  form: MessageForm,
  { whileStreaming = false } = {},
): Promise<Message | null> {
  const rows = await tx.$queryRawUnsafe<StoredMessage[]>(
    `WITH told AS (
       UPDATE messages SET status = $2::"MessageStatus", text = $3, parts = $4::jsonb, completed_at = $5::timestamptz
       WHERE id = $1::uuid AND (NOT $6::bool OR status = 'STREAMING') RETURNING *
     ), unused AS (
       DELETE FROM attachment_uses u USING told t
       WHERE t.status <> 'STREAMING' AND u.org_id = t.org_id AND u.conversation_id = t.conversation_id AND u.message_id = t.id
         AND NOT EXISTS (
           SELECT 1 FROM jsonb_array_elements(t.parts) p WHERE p #>> '{attachment,id}' = u.attachment_id::text)
     )
     SELECT ${MESSAGE_COLUMNS} FROM told`,
    id,
    form.status,
    form.text,
    JSON.stringify(form.parts),
    form.completedAt,
    whileStreaming,
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

/**
 * Adds a run that waits for a worker, in the branch that is shown.
 * @returns false where its agent answers nothing, since a person has taken over.
 */
export async function insertRun(tx: RawTransaction, run: Run): Promise<boolean> {
  const added = await tx.$executeRaw`
    INSERT INTO runs (id, org_id, conversation_id, trigger_message_id, reply_message_id, agent_id, started_by_id, queued_at,
                      branch_id, traceparent)
    SELECT ${run.id}::uuid, c.org_id, c.id, ${run.triggerMessageId}::uuid, ${run.replyMessageId}::uuid,
           ${run.agentId}::uuid, ${run.startedById}::uuid, ${run.queuedAt}::timestamptz, c.branch_id, ${run.traceparent}
    FROM conversations c
    WHERE c.id = ${run.conversationId}::uuid AND NOT EXISTS (
      SELECT 1 FROM takeovers t
      WHERE t.conversation_id = c.id AND (t.agent_id IS NULL OR t.agent_id = ${run.agentId}::uuid))`;
  return added > 0;
}
