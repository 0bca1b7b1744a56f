import type { Reservation } from '#core/budget/budget.port';
import type { Database } from '#core/database/database';
import { newId } from '#core/id';
import type { JsonValue } from '#core/model/model.port';
import type { Approval, ContextSummary, Message, Run } from '#prisma/generated/client';
import type { MessageForm } from '../row.ts';
import type { CallRecord } from '../run/ask-model.ts';
import { describeFailure } from '../run/run-failure.ts';
import { interruption } from './interruption.ts';
import { JournalQueue, type JournalQueueOptions } from './journal-queue.ts';
import type { JournalEntry } from './journal-write.ts';
import { BranchStopped, LimitReached, Suspended, toThrown } from './run-signal.ts';
import {
  type ApprovalRequest,
  begunAgain,
  isSameWork,
  newStep,
  type StepRecord,
  type StepResult,
  type StepSpec,
} from './step.ts';
import { describeStepError, leavesOpen } from './step-error.ts';

export interface JournalOptions extends JournalQueueOptions {
  database: Database;
}

interface StepOptions {
  beginsItself?: boolean;
  whenRoom?<T>(make: () => Promise<T>): Promise<T>;
}

/**
 * The log of a run's steps. What has ended is taken from it and not done again, so that a run which begins anew, on this
 * worker or another, goes on behind its last finished step.
 */
export class Journal {
  private readonly entries: JournalQueue;
  private readonly begun = new WeakSet<StepRecord>();
  private readonly openMessages = new Set<string>();
  /** Settles when the ends of all steps so far are stored. */
  private endsStored: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly run: Run,
    options: JournalOptions,
    private readonly steps: Map<string, StepRecord>,
    private readonly approvals: Map<string, Approval>,
    /** Aborted when the work has to stop: what fails then did not fail by itself. */
    private readonly signal: AbortSignal,
    /** Called once when entries can no longer be written. */
    onRefused: (error: unknown) => void,
  ) {
    this.entries = new JournalQueue(run, options, onRefused);
  }

  /** Reads what earlier attempts left. */
  static async open(
    run: Run,
    options: JournalOptions,
    signal: AbortSignal,
    onRefused: (error: unknown) => void,
  ): Promise<Journal> {
    const isFirst = run.journalCount === 0;
    const { step, approval } = options.database.scoped;
    const [steps, approvals] = isFirst
      ? [[], []]
      : await Promise.all([
          step.findMany({ where: { runId: run.id } }) as Promise<unknown> as Promise<StepRecord[]>,
          approval.findMany({ where: { runId: run.id } }),
        ]);
    return new Journal(
      run,
      options,
      new Map(steps.map((row) => [row.key, row])),
      new Map(approvals.map((row) => [row.stepId, row])),
      signal,
      onRefused,
    );
  }

  /** What is known of the step at this place. */
  find(key: string): StepRecord | undefined {
    return this.steps.get(key);
  }

  /** Whether a step, a question or a message has not come to its end. */
  get leavesOpen(): boolean {
    return (
      this.openMessages.size > 0 ||
      this.undecided.length > 0 ||
      [...this.steps.values()].some(({ finishedAt }) => finishedAt === null)
    );
  }

  /** The steps right below another that have ended, in the order in which they began. */
  below(parentId: string | null): StepRecord[] {
    return [...this.steps.values()]
      .filter((step) => step.parentId === parentId && step.finishedAt !== null)
      .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  /** Milliseconds in which calls below a place were under way that have ended; those at the same time count once. */
  workedBelow(path: string): number {
    const spans = [...this.steps.values()]
      .filter(
        ({ key, kind, finishedAt }) => key.startsWith(path) && finishedAt && (kind === 'MODEL' || kind === 'TOOL'),
      )
      .map(({ startedAt, finishedAt }) => [startedAt.getTime(), finishedAt?.getTime() ?? 0] as const)
      .sort(([one], [other]) => one - other);
    let [worked, until] = [0, 0];
    for (const [from, to] of spans) {
      worked += Math.max(0, to - Math.max(from, until));
      until = Math.max(until, to);
    }
    return worked;
  }

  /** What a person was asked about a step, and perhaps answered. */
  approvalOf(stepId: string): Approval | undefined {
    return this.approvals.get(stepId);
  }

  /** The approvals that were undecided when the run was claimed, or were asked for since. */
  get undecided(): string[] {
    return [...this.approvals.values()].filter((row) => row.state === 'PENDING').map((row) => row.id);
  }

  /**
   * Does a step, or takes what it came to from the log.
   * @param work Called where the step has not ended. What it throws ends the step as failed, unless the run as a whole
   *   cannot go on.
   * @param options `beginsItself`: `work` says by `begin` when it begins, since a person may have to agree first.
   *   `whenRoom`: calls `work` once there is room for it among what is under way.
   * @throws StepFailure, LimitReached, Suspended, ReplyBroken
   */
  async step<T extends JsonValue>(
    spec: StepSpec,
    work: (step: StepRecord, known: StepRecord | undefined) => Promise<StepResult<T>>,
    { beginsItself = false, whenRoom = (make) => make() }: StepOptions = {},
  ): Promise<T> {
    const ended = this.steps.get(spec.key);
    // What a model said may have been erased with the words that it was about: then it is asked again.
    const isErased = spec.kind === 'MODEL' && ended?.output === null;
    if (ended?.state === 'SUCCEEDED' && !isErased) return ended.output as T;
    if (ended?.state === 'FAILED' && ended.error) throw toThrown(ended.error);
    await this.endsStored;
    this.signal.throwIfAborted();
    const now = new Date();
    const known = this.recall(spec);
    const step: StepRecord = known ? begunAgain(known, spec, now) : newStep(this.run, spec, now);
    this.steps.set(spec.key, step);
    if (!beginsItself) this.begin(step).catch(() => {});
    try {
      const { output, usage = null, decision = null } = await whenRoom(() => work(step, known));
      this.end(step, { state: 'SUCCEEDED', output, usage, decision });
      return output;
    } catch (error) {
      if (this.signal.aborted || leavesOpen(error)) throw error;
      const isBrokenOff = error instanceof BranchStopped || error instanceof LimitReached;
      if (isBrokenOff && step.effect === 'ONCE' && this.begun.has(step)) {
        this.end(step, { state: 'FAILED', error: describeFailure(interruption(step.name)) });
        throw error;
      }
      if (error instanceof BranchStopped) {
        this.end(step, { state: 'CANCELLED' });
        throw error;
      }
      const described = describeStepError(error);
      this.end(step, { state: 'FAILED', error: described });
      throw toThrown(described);
    }
  }

  /**
   * Does a step that is made of others. They are gone through again on every attempt, each taken from the log where it
   * has ended, so that what they said and used is known; of itself only the first end is stored.
   */
  async group<T extends JsonValue>(spec: StepSpec, work: (step: StepRecord) => Promise<T>): Promise<T> {
    const known = this.steps.get(spec.key);
    if (known?.state === 'SUCCEEDED' || known?.state === 'FAILED') return work(known);
    return this.step(spec, async (step) => ({ output: await work(step) }));
  }

  /** The step at this place, where it can be gone on with. Else it is put aside: what is done now is another one. */
  private recall(spec: StepSpec): StepRecord | undefined {
    const known = this.steps.get(spec.key);
    if (!known) return undefined;
    const asked = this.approvals.get(known.id);
    const isStanding = !asked || known.state !== 'CANCELLED' || stands(asked);
    if (isSameWork(known, spec) && isStanding) return known;
    this.steps.delete(spec.key);
    this.entries.write({ type: 'PUT_ASIDE', stepId: known.id }).catch(() => {});
    return undefined;
  }

  /** Says that a step begins. Resolves once that is stored. */
  begin(step: StepRecord): Promise<void> {
    this.begun.add(step);
    return this.entries.write({ type: 'BEGIN', step: { ...step } });
  }

  /** Goes on waiting for a person. @throws Suspended always */
  wait(step: StepRecord, asked: Approval): never {
    step.state = 'WAITING';
    throw new Suspended(waitOf(asked.kind));
  }

  /** Stores what a person is asked about a step. @throws Suspended always */
  async ask(step: StepRecord, request: ApprovalRequest): Promise<never> {
    const approval: Approval = {
      ...request,
      expiresAt: request.expiresAt ?? new Date(Date.now() + DECIDE_WITHIN_MS),
      id: newId(),
      orgId: this.run.orgId,
      conversationId: this.run.conversationId,
      runId: this.run.id,
      stepId: step.id,
      state: 'PENDING',
      editedArguments: null,
      requestedAt: new Date(),
      decidedById: null,
      decidedAt: null,
      reason: null,
    };
    step.state = 'WAITING';
    this.approvals.set(step.id, approval);
    await this.entries.write({ type: 'WAIT', step: { ...step }, approval });
    throw new Suspended(waitOf(request.kind));
  }

  /** Stores that a step waits for a budget. @throws Suspended always */
  park(step: StepRecord): never {
    step.state = 'WAITING';
    this.entries.write({ type: 'PARK', step: { ...step } }).catch(() => {});
    throw new Suspended('BUDGET');
  }

  /** Ends what is open at a place and below it, questions to people included: nobody needs it any more. */
  withdraw(key: string): void {
    for (const step of this.steps.values()) {
      if (step.finishedAt !== null || !(step.key === key || step.key.startsWith(`${key}/`))) continue;
      Object.assign(step, { state: 'CANCELLED', finishedAt: new Date() });
      this.entries.write({ type: 'END', step: { ...step } }).catch(() => {});
      const asked = this.approvals.get(step.id);
      if (asked?.state !== 'PENDING') continue;
      this.approvals.set(step.id, { ...asked, state: 'CANCELLED', decidedAt: step.finishedAt });
      this.entries.write({ type: 'WITHDRAW', approvalId: asked.id, at: new Date() }).catch(() => {});
    }
  }

  /** Keeps a summary of what was said before. Resolves once it is stored and shown. */
  fold(summary: ContextSummary): Promise<void> {
    return this.entries.write({ type: 'FOLD', summary });
  }

  /** Keeps the counts of calls, also of those whose step goes no further, and settles what was reserved for them. */
  record(stepId: string, calls: readonly CallRecord[], reservation: Reservation | null): void {
    if (calls.length === 0 && !reservation) return;
    this.entries.write({ type: 'CALLS', stepId, calls, reservation }).catch(() => {});
  }

  /** Begins a message of a step's own, or begins it again. Resolves once it is stored and shown. */
  beginMessage(message: Message): Promise<void> {
    this.openMessages.add(message.id);
    return this.entries.write({ type: 'MESSAGE_BEGIN', message });
  }

  /** Ends it. */
  endMessage(messageId: string, form: MessageForm): void {
    this.openMessages.delete(messageId);
    this.endsStored = this.entries.write({ type: 'MESSAGE_END', messageId, form }).catch(() => {});
  }

  /** Writes nothing more, and returns what was not written yet: it belongs into the transaction that ends the attempt. */
  close(): Promise<JournalEntry[]> {
    return this.entries.close();
  }

  private end(step: StepRecord, result: Partial<StepRecord> & Pick<StepRecord, 'state'>): void {
    if (!this.begun.has(step)) this.begin(step).catch(() => {});
    Object.assign(step, result, { finishedAt: new Date() });
    if (step.state !== 'SUCCEEDED') this.withdraw(step.key);
    const stored = this.entries.write({ type: 'END', step: { ...step } });
    this.endsStored = Promise.all([this.endsStored, stored]).catch(() => {});
  }
}

/** How long a person may think where nothing else is said, in milliseconds: what waits holds up its room. */
const DECIDE_WITHIN_MS = 24 * 3_600_000;

/** What a person has decided holds also for a step that is done again; but who answers has to be chosen in the end. */
const stands = ({ state, kind, decidedById }: Approval): boolean =>
  state === 'APPROVED' || (state === 'REJECTED' && decidedById !== null && kind !== 'CHOICE');

const waitOf = (kind: Approval['kind']) => (kind === 'CHOICE' ? 'INPUT' : 'APPROVAL');
