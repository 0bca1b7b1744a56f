import type { RawTransaction } from '#core/database/transaction';
import type { StreamAppend } from '#core/stream/event';
import type { Approval, Message, Run } from '#prisma/generated/client';
import { snapshotMessage } from '../conversation.presenter.ts';
import { eventOf } from '../conversation-event.ts';
import type { StepRecord } from '../orchestration/step.ts';
import { snapshotApproval, snapshotStep } from '../orchestration/step-snapshot.ts';
import { APPROVAL_COLUMNS, MESSAGE_COLUMNS, STEP_COLUMNS } from '../row.ts';
import type { RunErrorType } from '../run.type.ts';

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
    `UPDATE steps SET state = $2::"StepState", error = $3::jsonb, finished_at = $4::timestamptz
     WHERE run_id = $1::uuid AND state IN ('RUNNING', 'WAITING') RETURNING ${STEP_COLUMNS}`,
    run.id,
    failed ? 'FAILED' : 'CANCELLED',
    failed && error ? JSON.stringify(error) : null,
    now,
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
