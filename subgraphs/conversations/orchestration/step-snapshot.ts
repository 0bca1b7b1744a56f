import type { JsonValue } from '#core/model/model.port';
import type { Approval } from '#prisma/generated/client';
import type { StepRecord } from './step.ts';

/** A step as it was when something happened to it. What it was given and put out is read from its row: it can be large. */
export type StepSnapshot = Omit<StepRecord, 'orgId' | 'key' | 'effect' | 'input' | 'output' | 'decision' | 'error'> & {
  error: { code: string; message: string; retryable: boolean } | null;
};

/** An approval as it was. */
export type ApprovalSnapshot = Pick<
  Approval,
  | 'id'
  | 'runId'
  | 'stepId'
  | 'kind'
  | 'state'
  | 'agentId'
  | 'subject'
  | 'requiredRole'
  | 'requestedAt'
  | 'expiresAt'
  | 'onExpiry'
  | 'decidedById'
  | 'decidedAt'
  | 'reason'
> & { arguments: JsonValue; editedArguments: JsonValue };

export const snapshotStep = (step: StepRecord): StepSnapshot => {
  const {
    orgId: _org,
    key: _key,
    effect: _effect,
    input: _input,
    output: _output,
    decision: _decision,
    error,
    ...shown
  } = step;
  return { ...shown, error: error && { code: error.code, message: error.message, retryable: error.retryable } };
};

export const snapshotApproval = (row: Approval): ApprovalSnapshot => ({
  id: row.id,
  runId: row.runId,
  stepId: row.stepId,
  kind: row.kind,
  state: row.state,
  agentId: row.agentId,
  subject: row.subject,
  arguments: row.arguments as JsonValue,
  editedArguments: row.editedArguments as JsonValue,
  requiredRole: row.requiredRole,
  requestedAt: row.requestedAt,
  expiresAt: row.expiresAt,
  onExpiry: row.onExpiry,
  decidedById: row.decidedById,
  decidedAt: row.decidedAt,
  reason: row.reason,
});
