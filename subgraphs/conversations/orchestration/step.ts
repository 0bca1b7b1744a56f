import { newId } from '#core/id';
import type { JsonValue } from '#core/model/model.port';
import type { Approval, Run, Step } from '#prisma/generated/client';
import type { UsageType } from '../run.type.ts';
import type { StepError } from './run-signal.ts';

/** A step as it stands in the log of its run. */
export type StepRecord = Omit<Step, 'input' | 'output' | 'error' | 'usage' | 'decision'> & {
  input: JsonValue;
  output: JsonValue;
  error: StepError | null;
  usage: UsageType | null;
  decision: JsonValue;
};

/** What a step is about to do. */
export interface StepSpec {
  /** Its place in the run: the same on every attempt. */
  key: string;
  parentId: string | null;
  kind: Step['kind'];
  name: string;
  agent: { id: string; version: number };
  depth: number;
  input: JsonValue;
  messageId?: string;
}

/** What a step came to. */
export interface StepResult<T extends JsonValue> {
  output: T;
  usage?: UsageType | null;
  decision?: JsonValue;
}

/** Something that a person is asked before a step goes on. */
export type ApprovalRequest = Pick<
  Approval,
  'kind' | 'subject' | 'requiredRole' | 'expiresAt' | 'onExpiry' | 'agentId'
> & { arguments: JsonValue };

export const newStep = (run: Run, spec: StepSpec, now: Date): StepRecord => ({
  id: newId(),
  orgId: run.orgId,
  runId: run.id,
  parentId: spec.parentId,
  key: spec.key,
  kind: spec.kind,
  name: spec.name,
  agentId: spec.agent.id,
  agentVersion: spec.agent.version,
  depth: spec.depth,
  state: 'RUNNING',
  attempt: 1,
  input: spec.input,
  output: null,
  error: null,
  usage: null,
  decision: null,
  messageId: spec.messageId ?? null,
  startedAt: now,
  finishedAt: null,
});
