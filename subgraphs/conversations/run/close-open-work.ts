import type { RawTransaction } from '#core/database/transaction';
import type { StreamAppend } from '#core/stream/event';
import type { Approval, Message, Run } from '#prisma/generated/client';
import { snapshotMessage } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import { interruption } from '../orchestration/interruption.ts';
import type { StepRecord } from '../orchestration/step.ts';
import { snapshotApproval, snapshotStep } from '../orchestration/step-snapshot.ts';
import { APPROVAL_COLUMNS, MESSAGE_COLUMNS, STEP_COLUMNS } from '../row.ts';
import type { RunErrorType } from '../run.type.ts';
import { describeFailure } from './run-failure.ts';

/** A tool that must not be called twice, and has begun: it may have done its work. */
const CUT_OFF = "kind = 'TOOL' AND effect = 'ONCE' AND state = 'RUNNING'";

/** What only waited did not fail. */
const CLOSE_STEPS = `
  UPDATE steps
  SET finished_at = $4::timestamptz,
      state = CASE WHEN ${CUT_OFF} THEN 'FAILED' WHEN state = 'WAITING' THEN 'CANCELLED' ELSE $2 END::"StepState",
      error = CASE WHEN ${CUT_OFF} THEN format($5, name)::jsonb WHEN state = 'WAITING' THEN NULL ELSE $3::jsonb END
  WHERE run_id = $1::uuid AND state IN ('RUNNING', 'WAITING') RETURNING ${STEP_COLUMNS}`;

export interface OpenWork {
  /** The run's own reply, which is ended for itself. */
  except: string;
  status: Message['status'];
  error: RunErrorType | null;
  now: Date;
}

/**
 * Ends what a run leaves open: steps that were under way, questions that nobody needs to answer any more, messages that
 * were being written. Returns what to show of it.
 */
export async function closeOpenWork(
  run: Run,
  { except, status, error, now }: OpenWork,
  tx: RawTransaction,
): Promise<StreamAppend[]> {
  const room = { id: run.conversationId, orgId: run.orgId };
  const failed = status === 'FAILED';
  const steps = await tx.$queryRawUnsafe<StepRecord[]>(
    CLOSE_STEPS,
    run.id,
    failed ? 'FAILED' : 'CANCELLED',
    failed && error ? JSON.stringify(error) : null,
    now,
    JSON.stringify(describeFailure(interruption('%s'))),
  );
  const approvals = await tx.$queryRawUnsafe<Approval[]>(
    `UPDATE approvals SET state = 'CANCELLED', decided_at = $2::timestamptz
     WHERE run_id = $1::uuid AND state = 'PENDING' RETURNING ${APPROVAL_COLUMNS}`,
    run.id,
    now,
  );
  const messages = await tx.$queryRawUnsafe<Message[]>(
    `UPDATE messages SET status = $3::"MessageStatus", completed_at = $4::timestamptz
     WHERE run_id = $1::uuid AND id <> $2::uuid AND status = 'STREAMING' RETURNING ${MESSAGE_COLUMNS}`,
    run.id,
    except,
    status,
    now,
  );
  return [
    ...steps.map((step) =>
      eventOf(room, step.kind === 'TOOL' ? 'ToolCallFinished' : 'StepFinished', { step: snapshotStep(step) }),
    ),
    ...approvals.map((approval) => eventOf(room, 'ApprovalDecided', { approval: snapshotApproval(approval) })),
    ...messages.map((message) => eventOf(room, 'MessageCompleted', { message: snapshotMessage(message) })),
  ];
}
