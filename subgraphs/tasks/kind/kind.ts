import type { z } from 'zod';
import type { FieldProblem } from '#core/error';
import type { JsonValue } from '#core/model/model.port';
import type { Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import type { WorkError } from '../attempt/next-step.ts';

/** What an attempt has at hand. */
export interface WorkContext {
  taskId: string;
  jobId: string;
  /** On whose behalf, with no more than what the kind needs. */
  viewer: Viewer;
  /** An id for what it does outside: that of an attempt whose worker was lost is kept, so that nothing is done twice. */
  effectId: string;
  /** The same for every attempt until the job is replayed. */
  idempotencyKey: string;
  /** Aborted when it has to stop: cancelled, out of time, taken over, or the process ends. */
  signal: AbortSignal;
  /** Keeps a line with the attempt. Nothing secret goes into it. */
  log(level: 'INFO' | 'WARN', text: string): void;
  /** Says how far it is, from 0 to 1, and what it is at. */
  progress(fraction: number, note?: string): void;
}

/** How an attempt ended well: done, or in the hands of a run whose end is told by an event. */
export type WorkEnd = { kind: 'DONE'; output: JsonValue } | { kind: 'AWAITS'; runId: string };

interface Described<Input> {
  /** In capitals: `CALL_WEBHOOK`. It lies in stored tasks, so it outlives a deployment. */
  readonly name: string;
  /** What it does, in a sentence. */
  readonly description: string;
  /** What it takes. Checked when a task is created, and again before each attempt. */
  readonly input: z.ZodType<Input>;
}

/** Work of one piece. A file for each, listed in `catalog.ts`. */
export interface WorkKind<Input = unknown> extends Described<Input> {
  /** What whoever it is done for must be allowed, when the task is created and at each attempt. */
  readonly needs: readonly Permission[];
  /** How long an attempt may take unless the policy says otherwise, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /**
   * What is wrong with inputs that have the right form, as far as it can be told before they are tried: for each of them a
   * problem, with the path within it, or null.
   */
  problems?(inputs: readonly Input[], viewer: Viewer): Promise<(FieldProblem | null)[]>;
  /** Does it, or starts it. @throws WorkFailure; anything else counts as a fault of ours that may pass */
  begin(input: Input, context: WorkContext): Promise<WorkEnd>;
  /** Looks after what was started under `effectId`. */
  resume?(input: Input, context: WorkContext): Promise<WorkEnd>;
  /** Stops what was started under `effectId`, if it was. */
  abandon?(input: Input, context: Pick<WorkContext, 'viewer' | 'effectId' | 'signal'>): Promise<void>;
}

/** A job to be, as a composite unfolds into it. */
export interface PlannedJob {
  kind: string;
  input: JsonValue;
}

/** How the jobs of a composite follow one another. */
export interface Unfolded {
  jobs: PlannedJob[];
  /** How many are under way at once. */
  maxParallel: number;
  /** Each only once the one before has succeeded. */
  inOrder: boolean;
}

/** Work of several pieces of other kinds. */
export interface CompositeKind<Input = unknown> extends Described<Input> {
  unfold(input: Input): Unfolded;
  /** What a job is given once its turn has come. Left out: what it was planned with. */
  inputOf?(input: Input, position: number, outputs: readonly JsonValue[]): JsonValue;
  /** Where the input of a job stands within that of the composite. */
  pathOf(position: number): string;
}

export type TaskKind = WorkKind | CompositeKind;

export const isComposite = (kind: TaskKind): kind is CompositeKind => 'unfold' in kind;

/** Keeps the type of the input within its file. */
export const defineWork = <Input>(kind: WorkKind<Input>): WorkKind => kind as unknown as WorkKind;

export const defineComposite = <Input>(kind: CompositeKind<Input>): CompositeKind => kind as unknown as CompositeKind;

/** Why an attempt did not do what was wanted. */
export class WorkFailure extends Error {
  constructor(
    readonly error: WorkError,
    /** What the outside asked to wait at least, in milliseconds. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(error.message);
    this.name = 'WorkFailure';
  }
}

export const failure = (code: string, message: string, retryable: boolean) =>
  new WorkFailure({ code, message, retryable });
