import type { Budget, Reservation } from '#core/budget/budget.port';
import type { RawTransaction, Unit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { ModelUsage } from '#core/model/model.port';
import type { StreamAppend } from '#core/stream/event';
import type { Approval, ContextSummary, Message, Run } from '#prisma/generated/client';
import { insertSummary } from '../context/summary.ts';
import { snapshotMessage } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { APPROVAL_COLUMNS, insertMessage, type MessageForm, reformMessage } from '../row.ts';
import type { CallRecord } from '../run/ask-model.ts';
import type { StepRecord } from './step.ts';
import { snapshotApproval, snapshotStep } from './step-snapshot.ts';

/** Something that happened to a run's steps and is to be stored. */
export type JournalEntry =
  | { type: 'BEGIN'; step: StepRecord }
  | { type: 'END'; step: StepRecord }
  /** The step waits for a person. */
  | { type: 'WAIT'; step: StepRecord; approval: Approval }
  /** Nobody needs the answer of a person any more. */
  | { type: 'WITHDRAW'; approvalId: string; at: Date }
  /** The step waits for a budget: the run's own state tells of it. */
  | { type: 'PARK'; step: StepRecord }
  /** Another step takes the place of this one, which stays as what was done before. */
  | { type: 'PUT_ASIDE'; stepId: string }
  | { type: 'FOLD'; summary: ContextSummary }
  /** What was reserved for them is settled with their counts. */
  | { type: 'CALLS'; stepId: string; calls: readonly CallRecord[]; reservation: Reservation | null }
  /** A message of its own that a step begins to write, or begins again. */
  | { type: 'MESSAGE_BEGIN'; message: Message }
  | { type: 'MESSAGE_END'; messageId: string; form: MessageForm };

/** Stores entries within a transaction that has locked the run's room, and returns what to show of them, in order. */
export async function writeEntries(
  run: Run,
  entries: readonly JournalEntry[],
  unit: Unit<RawTransaction>,
  budget: Budget,
): Promise<StreamAppend[]> {
  const { tx, emit } = unit;
  const room = { id: run.conversationId, orgId: run.orgId };
  const shown: StreamAppend[] = [];
  for (const entry of entries) {
    switch (entry.type) {
      case 'BEGIN':
        await putStep(entry.step, tx);
        shown.push(eventOf(room, startOf(entry.step), { step: snapshotStep(entry.step) }));
        break;
      case 'END':
        await putStep(entry.step, tx);
        shown.push(eventOf(room, endOf(entry.step), { step: snapshotStep(entry.step) }));
        break;
      case 'WAIT':
        await putStep(entry.step, tx);
        await insertApproval(entry.approval, tx);
        await emit({
          id: newId(),
          orgId: run.orgId,
          type: 'approval.requested',
          payload: {
            approvalId: entry.approval.id,
            conversationId: run.conversationId,
            runId: run.id,
            kind: entry.approval.kind,
            subject: entry.approval.subject,
          },
        });
        shown.push(eventOf(room, 'ApprovalRequested', { approval: snapshotApproval(entry.approval) }));
        break;
      case 'WITHDRAW': {
        const withdrawn = await withdrawApproval(entry.approvalId, entry.at, tx);
        if (withdrawn) shown.push(eventOf(room, 'ApprovalDecided', { approval: snapshotApproval(withdrawn) }));
        break;
      }
      case 'PARK':
        await putStep(entry.step, tx);
        break;
      case 'PUT_ASIDE':
        await tx.$executeRaw`
          UPDATE steps SET key = key || '#' || id, state = 'CANCELLED', finished_at = coalesce(finished_at, now())
          WHERE id = ${entry.stepId}::uuid`;
        break;
      case 'FOLD':
        shown.push(...(await insertSummary(entry.summary, tx)));
        break;
      case 'CALLS':
        await insertCalls(run, entry.stepId, entry.calls, tx);
        if (entry.reservation) await budget.settle(entry.reservation, entry.calls, unit);
        break;
      case 'MESSAGE_BEGIN': {
        const again = await reformMessage(tx, entry.message.id, BLANK);
        if (!again) {
          await insertMessage(tx, { ...entry.message, position: await nextPosition(room.id, shown.length, tx) });
        }
        shown.push(
          again
            ? eventOf(room, 'MessageRestarted', { messageId: again.id, runId: run.id, attempt: run.attempt })
            : eventOf(room, 'MessageAdded', { message: snapshotMessage(entry.message) }),
        );
        break;
      }
      case 'MESSAGE_END': {
        const message = await reformMessage(tx, entry.messageId, entry.form, { whileStreaming: true });
        if (message) shown.push(eventOf(room, 'MessageCompleted', { message: snapshotMessage(message) }));
        break;
      }
    }
  }
  return shown;
}

const startOf = (step: StepRecord) => (step.kind === 'TOOL' ? ('ToolCallStarted' as const) : ('StepStarted' as const));

const endOf = (step: StepRecord) => (step.kind === 'TOOL' ? ('ToolCallFinished' as const) : ('StepFinished' as const));

const BLANK: MessageForm = { status: 'STREAMING', text: '', parts: [], completedAt: null };

/** The `seq` that the event of a message will have: the head is locked by the room's writers, who come one by one. */
async function nextPosition(topic: string, before: number, tx: RawTransaction): Promise<bigint> {
  const [head] = await tx.$queryRaw<{ seq: string }[]>`
    SELECT last_seq::text AS seq FROM stream_heads WHERE topic = ${topic}::uuid FOR NO KEY UPDATE`;
  return BigInt(head?.seq ?? '0') + BigInt(before) + 1n;
}

const jsonOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));

async function putStep(step: StepRecord, tx: RawTransaction): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO steps (id, org_id, run_id, parent_id, key, kind, effect, name, agent_id, agent_version, depth, state, attempt,
                       input, output, error, usage, decision, message_id, started_at, finished_at)
    VALUES (${step.id}::uuid, ${step.orgId}::uuid, ${step.runId}::uuid, ${step.parentId}::uuid, ${step.key},
            ${step.kind}::"StepKind", ${step.effect}::"ToolEffect", ${step.name}, ${step.agentId}::uuid, ${step.agentVersion}, ${step.depth},
            ${step.state}::"StepState", ${step.attempt}, ${jsonOf(step.input)}::jsonb, ${jsonOf(step.output)}::jsonb,
            ${jsonOf(step.error)}::jsonb, ${jsonOf(step.usage)}::jsonb, ${jsonOf(step.decision)}::jsonb,
            ${step.messageId}::uuid, ${step.startedAt}::timestamptz, ${step.finishedAt}::timestamptz)
    ON CONFLICT (run_id, key) DO UPDATE SET
      parent_id = excluded.parent_id, kind = excluded.kind, effect = excluded.effect, name = excluded.name,
      agent_id = excluded.agent_id, agent_version = excluded.agent_version, input = excluded.input,
      state = excluded.state, attempt = excluded.attempt, output = excluded.output, error = excluded.error,
      usage = excluded.usage, decision = excluded.decision, started_at = excluded.started_at,
      finished_at = excluded.finished_at`;
}

async function insertApproval(row: Approval, tx: RawTransaction): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO approvals (id, org_id, conversation_id, run_id, step_id, kind, agent_id, subject, arguments,
                           required_role, requested_at, expires_at, on_expiry)
    VALUES (${row.id}::uuid, ${row.orgId}::uuid, ${row.conversationId}::uuid, ${row.runId}::uuid, ${row.stepId}::uuid,
            ${row.kind}::"ApprovalKind", ${row.agentId}::uuid, ${row.subject}, ${JSON.stringify(row.arguments)}::jsonb,
            ${row.requiredRole}, ${row.requestedAt}::timestamptz, ${row.expiresAt}::timestamptz,
            ${row.onExpiry}::"ApprovalState")
    ON CONFLICT (step_id) DO NOTHING`;
}

/** Null where somebody has decided in the meantime. */
async function withdrawApproval(id: string, at: Date, tx: RawTransaction): Promise<Approval | null> {
  const [withdrawn] = await tx.$queryRawUnsafe<Approval[]>(
    `UPDATE approvals SET state = 'CANCELLED', decided_at = $2::timestamptz
     WHERE id = $1::uuid AND state = 'PENDING' RETURNING ${APPROVAL_COLUMNS}`,
    id,
    at,
  );
  return withdrawn ?? null;
}

/** Keeps the counts of every call of a model, whether what it said counted in the end or not: it was paid for. */
async function insertCalls(run: Run, stepId: string, calls: readonly CallRecord[], tx: RawTransaction): Promise<void> {
  for (const { id, model, outcome, usage, isEstimated, startedAt, finishedAt } of calls) {
    await tx.$executeRaw`
      INSERT INTO model_calls (id, org_id, run_id, step_id, attempt, model, outcome, usage, raw_usage, estimated,
                               started_at, finished_at)
      VALUES (${id}::uuid, ${run.orgId}::uuid, ${run.id}::uuid, ${stepId}::uuid, ${run.attempt}, ${model}, ${outcome},
              ${jsonOf(usage && withoutRaw(usage))}::jsonb, ${jsonOf(isEstimated ? null : usage?.raw)}::jsonb,
              ${isEstimated},
              ${startedAt}::timestamptz, ${finishedAt}::timestamptz)`;
  }
}

const withoutRaw = ({ raw: _raw, ...counts }: ModelUsage) => counts;
