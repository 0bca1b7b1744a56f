import { DEFAULT_LIMITS } from '#core/agent/run-limits';
import type { Budget } from '#core/budget/budget.port';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import type { JsonValue } from '#core/model/model.port';
import type { ModelRegistry } from '#core/model/model-registry';
import type { Peers } from '#core/peer/peer';
import type { RuleSource } from '#core/rule/rule-source';
import { FencedError } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import type { ToolSource } from '#core/tool/tool.port';
import type { MadePictures } from '../attachment/made-pictures.ts';
import type { ModelFiles } from '../attachment/model-files.ts';
import { Asides } from '../context/aside.ts';
import type { ModelWindows } from '../context/model-window.ts';
import { OutputRules } from '../guard/output-rules.ts';
import type { MessagePartValue } from '../message.type.ts';
import { Allowance } from '../orchestration/allowance.ts';
import { Journal } from '../orchestration/journal.ts';
import type { JournalEntry } from '../orchestration/journal-write.ts';
import { limitsAt } from '../orchestration/limit-rounds.ts';
import { RoomContext } from '../orchestration/room-context.ts';
import { Roster } from '../orchestration/roster.ts';
import { Speaker } from '../orchestration/speaker.ts';
import type { RunScope, Visit } from '../orchestration/visit.ts';
import { agentUnavailable, work } from '../orchestration/work.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { ruleOnInput } from '../rule/input-rule.ts';
import { RunRules } from '../rule/run-rules.ts';
import { RunState } from '../run.type.ts';
import { AgentMemory } from '../tool/memory/agent-memory.ts';
import type { ClaimedRun } from './claim.ts';
import { DeltaWriter } from './delta-writer.ts';
import type { Outcome } from './finish.ts';
import type { ModelReply } from './model-reply.ts';
import type { StopReason } from './next-step.ts';
import type { Pause } from './pause.ts';
import { describeFailure } from './run-failure.ts';
import { runViewer } from './run-viewer.ts';

export interface AttemptOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  peers: Peers;
  directory: PeerDirectory;
  models: ModelRegistry;
  tools: ToolSource;
  budget: Budget;
  files: ModelFiles;
  pictures: MadePictures;
  windows: ModelWindows;
  rules: RuleSource;
  /** Told of how long rules held back what was shown, in seconds. */
  onHeld(seconds: number): void;
  /** How long a model may be silent, in milliseconds. */
  idleTimeoutMs: number;
}

/** What is listed of what was lost while the rest went on. */
const MAX_LOSSES = 5;

/** One attempt at a run by the worker that has claimed it. */
export class Attempt {
  private readonly writers: DeltaWriter[] = [];
  private readonly writer: DeltaWriter;
  private readonly speaker: Speaker;
  private journal: Journal | null = null;
  private scope: RunScope | null = null;

  constructor(
    private readonly claimed: ClaimedRun,
    private readonly stop: AbortController,
    private readonly options: AttemptOptions,
  ) {
    const { run, reply, resumed } = claimed;
    this.writer = this.openWriter(reply.id, resumed ? run.deltaCount : 0);
    const said = resumed ? (reply.parts as unknown as MessagePartValue[]) : [];
    this.speaker = new Speaker(this.writer, said, resumed);
  }

  /** What the room has seen of the reply. */
  get said(): ModelReply {
    return this.speaker.said;
  }

  get teamState(): JsonValue {
    return this.scope?.teamState ?? null;
  }

  /** Whether some of its work may not have come to its end, here or in an attempt before. */
  get leavesOpen(): boolean {
    return this.journal?.leavesOpen ?? true;
  }

  /** Lets the run's agent work. @throws what ended it */
  async work(): Promise<void> {
    const { run } = this.claimed;
    const { options, stop } = this;
    const viewer = runViewer(run);
    const roster = new Roster(options.peers, viewer);
    const [journal, agent] = await Promise.all([
      Journal.open(run, options, stop.signal, (error) => this.refuse(error)),
      roster.find(run.agentId, run.agentVersion),
    ]);
    this.journal = journal;
    if (!agent) throw agentUnavailable();
    // A later attempt answers with the same version, whatever has been published since.
    if (run.agentVersion === null) {
      const data = { agentVersion: agent.version };
      await options.database.scoped.run.updateMany({ where: { id: run.id, fence: run.fence }, data });
    }
    const rules = new RunRules(options, run, viewer);
    const asides = new Asides();
    const limits = { ...DEFAULT_LIMITS, ...agent.limits };
    // Its time begins anew with a retry.
    const allowance = Allowance.ofRun({ ...limitsAt(run, '', limits), maxWallMs: limits.maxWallMs });
    const room = new RoomContext(run, viewer, options.database, options.directory, options.tools);
    this.scope = {
      run,
      viewer,
      journal,
      models: options.models,
      tools: options.tools,
      budget: options.budget,
      rules,
      windows: options.windows,
      asides,
      memory: new AgentMemory(options.peers),
      roster,
      room,
      output: new OutputRules(rules, agent, options.onHeld),
      files: options.files,
      pictures: options.pictures,
      reply: this.speaker,
      work,
      speakerFor: (messageId) => new Speaker(this.openWriter(messageId, 0)),
      idleTimeoutMs: options.idleTimeoutMs,
      losses: [],
      limit: null,
      teamState: null,
    };
    const visit: Visit = {
      scope: this.scope,
      agent,
      path: '',
      stepId: null,
      input: { kind: 'ROOM' },
      speaker: this.speaker,
      allowance,
      signal: stop.signal,
    };
    try {
      await ruleOnInput(visit);
      await work(visit);
      await asides.finish();
    } catch (error) {
      await asides.abandon();
      throw error;
    }
  }

  /** Waits until all that was said is durable. `refusal` is what the log did not take it with, or null. */
  async end(): Promise<{ entries: readonly JournalEntry[]; refusal: unknown }> {
    // What the journal was refused with has stopped the work: that it failed is known.
    const entries = (await this.journal?.close().catch(() => [])) ?? [];
    try {
      for (const writer of this.writers) await writer.drain();
      return { entries, refusal: null };
    } catch (refusal) {
      return { entries, refusal };
    }
  }

  /** How a run that came to its end is said to have ended. */
  success(): Pick<Outcome, 'state' | 'error'> {
    const { limit = null, losses = [] } = this.scope ?? {};
    if (limit) return { state: RunState.LIMIT_REACHED, error: describeFailure(limit) };
    if (losses.length === 0) return { state: RunState.SUCCEEDED, error: null };
    const message = [...new Set(losses)].slice(0, MAX_LOSSES).join(' ');
    return { state: RunState.PARTIAL, error: { code: 'PARTIAL', message, retryable: true } };
  }

  /** Where the run stands, now that it has to wait. */
  get pause(): Omit<Pause, 'waitsFor' | 'entries'> {
    return {
      said: this.said,
      deltaCount: this.writer.count,
      undecided: this.journal?.undecided ?? [],
    };
  }

  private openWriter(messageId: string, streamed: number): DeltaWriter {
    const { run } = this.claimed;
    const writer = new DeltaWriter(
      this.options.streams,
      run,
      messageId,
      () => this.stop.abort('LOG_REFUSED' satisfies StopReason),
      streamed,
    );
    this.writers.push(writer);
    return writer;
  }

  private refuse(error: unknown): void {
    this.stop.abort((error instanceof FencedError ? 'FENCED' : 'LOG_REFUSED') satisfies StopReason);
  }
}
