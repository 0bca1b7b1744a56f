import { isDeepStrictEqual } from 'node:util';
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
  /** Of a tool: what calling it again would do. */
  effect?: Step['effect'];
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

/** Something that a person is asked before a step goes on: within a day where `expiresAt` is null. */
export type ApprovalRequest = Pick<
  Approval,
  'kind' | 'subject' | 'requiredRole' | 'expiresAt' | 'onExpiry' | 'agentId'
> & { arguments: JsonValue };

/** What a step is about: of one that is done again it is told anew. */
const subjectOf = (spec: StepSpec) => ({
  parentId: spec.parentId,
  key: spec.key,
  kind: spec.kind,
  name: spec.name,
  effect: spec.effect ?? null,
  agentId: spec.agent.id,
  agentVersion: spec.agent.version,
  depth: spec.depth,
  input: spec.input,
});

/** A step that is done for the first time. */
export const newStep = (run: Run, spec: StepSpec, now: Date): StepRecord => ({
  ...subjectOf(spec),
  id: newId(),
  orgId: run.orgId,
  runId: run.id,
  state: 'RUNNING',
  attempt: 1,
  output: null,
  error: null,
  usage: null,
  decision: null,
  messageId: spec.messageId ?? null,
  startedAt: now,
  finishedAt: null,
});

/** A step that is gone on with, or done again: then what came of it before is void. */
export const begunAgain = (known: StepRecord, spec: StepSpec, now: Date): StepRecord => {
  const step: StepRecord = {
    ...known,
    ...subjectOf(spec),
    state: 'RUNNING',
    error: null,
    startedAt: now,
    finishedAt: null,
  };
  if (known.state === 'WAITING') return step;
  return { ...step, attempt: known.attempt + 1, output: null, usage: null, decision: null };
};

/**
 * Whether a step does the work that it stood for. A call with other arguments is another call: neither what people have
 * allowed nor what the other side knows by its id holds for it.
 */
export const isSameWork = (known: StepRecord, spec: StepSpec): boolean =>
  known.kind === spec.kind &&
  (spec.kind !== 'TOOL' || (known.name === spec.name && isDeepStrictEqual(known.input, spec.input)));
