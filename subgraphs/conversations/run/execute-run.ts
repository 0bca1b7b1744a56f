import type { Bus } from '#core/bus/bus';
import type { JobContext } from '#core/job/job';
import type { ModelTurn, ThinkingOptions } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import type { ModelRegistry } from '#core/model/model-registry';
import type { Peers } from '#core/peer/peer';
import { FencedError } from '#core/stream/event';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import type { PeerDirectory } from '../peer-directory.ts';
import { RunState } from '../run.type.ts';
import { type AgentForRun, loadAgent } from './agent-definition.ts';
import { onCancel } from './cancel-signal.ts';
import { type ClaimedRun, type ClaimOptions, claimRun } from './claim.ts';
import { DeltaWriter } from './delta-writer.ts';
import { finishRun, type Outcome, recordCalls } from './finish.ts';
import { Lease, type StopReason } from './lease.ts';
import { ask, ModelReply } from './model-reply.ts';
import { describeFailure, RunFailure } from './run-failure.ts';
import { buildTranscript } from './transcript.ts';

export interface RunnerOptions extends ClaimOptions {
  bus: Bus;
  peers: Peers;
  directory: PeerDirectory;
  models: ModelRegistry;
  /** Called when a run has ended: the next one of its room can begin. */
  onEnded(run: Run): void;
  /** Called with a run that was put down or has to begin again. */
  onPutDown(run: Run): void;
}

/** Beginnings of one reply at most, whether the model failed in the middle of it or its worker died. */
const MAX_ATTEMPTS = 12;
/** Of those, beginnings because the model failed in the middle. Earlier failures are retried unseen. */
const MAX_MODEL_ATTEMPTS = 4;
/** How much of the history goes to the model, in characters and in messages: about 50,000 tokens. */
const MAX_HISTORY_CHARACTERS = 200_000;
const MAX_HISTORY_MESSAGES = 400;
/** How long a reply may go on after the worker was told to stop, in milliseconds. */
const DRAIN_MS = 8_000;

/** Works on runs: claims them, lets the model answer into the stream, and writes the end. */
export class RunExecutor {
  constructor(private readonly options: RunnerOptions) {}

  async execute(runId: string, job: JobContext): Promise<void> {
    const claimed = await claimRun(runId, this.options);
    if (!claimed) return;
    const stop = new AbortController();
    const stopFor = (reason: StopReason | 'SHUTDOWN') => stop.abort(reason);
    const lease = new Lease(this.options.database, claimed.run, stopFor, job.log);
    const stopListening = await onCancel(this.options.bus, runId, () => void lease.renew());
    const onShutdown = () => setTimeout(() => stopFor('SHUTDOWN'), DRAIN_MS).unref();
    job.signal.addEventListener('abort', onShutdown);
    try {
      if (claimed.run.cancelRequestedAt) stopFor('CANCELLED');
      await this.work(claimed, stop, job);
    } finally {
      lease.end();
      stopListening();
      job.signal.removeEventListener('abort', onShutdown);
    }
  }

  private async work(claimed: ClaimedRun, stop: AbortController, job: JobContext): Promise<void> {
    const said = new ModelReply();
    const writer = new DeltaWriter(this.options.streams, claimed, () => stop.abort('FENCED'));
    let failure: unknown = null;
    try {
      await this.answer(claimed, said, writer, stop.signal);
    } catch (error) {
      failure = error;
    }
    const lost = await writer.drain().then(
      () => null,
      (error: unknown) => error,
    );
    const reason = stop.signal.aborted ? (stop.signal.reason as StopReason | 'SHUTDOWN') : null;
    if (lost instanceof FencedError || (reason === 'FENCED' && !lost)) return;
    if (lost) return this.putDown(claimed, said);
    if (reason === 'SHUTDOWN' && failure !== null) return this.putDown(claimed, said);
    if (reason === 'CANCELLED' && failure !== null)
      return this.end(claimed, said, { state: RunState.CANCELLED, error: null });
    if (failure === null) return this.end(claimed, said, { state: RunState.SUCCEEDED, error: null });
    if (this.worthAnother(claimed, said, failure)) return this.putDown(claimed, said);
    job.log.info({ runId: claimed.run.id, err: failure }, 'a run failed');
    return this.end(claimed, said, { state: RunState.FAILED, error: describeFailure(failure) });
  }

  /** A failure before anything was shown has been retried already; one in the middle needs the reply begun again. */
  private worthAnother({ run }: ClaimedRun, said: ModelReply, failure: unknown): boolean {
    return isModelError(failure) && failure.retryable && said.parts.length > 0 && run.attempt < MAX_MODEL_ATTEMPTS;
  }

  private async answer(claimed: ClaimedRun, said: ModelReply, writer: DeltaWriter, signal: AbortSignal): Promise<void> {
    const { run } = claimed;
    if (run.attempt > MAX_ATTEMPTS) {
      throw new RunFailure(
        'RUN_ABANDONED',
        'The reply was begun many times and never got to its end. Send the message again.',
        true,
      );
    }
    signal.throwIfAborted();
    const viewer = onBehalfOf(run);
    const agent = await this.agentOf(run, viewer);
    const turns = await this.transcript(claimed, agent, viewer);
    const { provider, model } = await this.options.models.resolve(agent.model);
    signal.throwIfAborted();
    await ask({
      provider,
      modelId: `${provider.id}/${model}`,
      request: {
        model,
        turns,
        ...(agent.instructions && { system: agent.instructions }),
        ...(agent.temperature !== null && { temperature: agent.temperature }),
        ...(agent.maxOutputTokens !== null && { maxOutputTokens: agent.maxOutputTokens }),
        ...(agent.thinking && { thinking: thinkingOptions(agent.thinking) }),
      },
      signal,
      requestId: run.id,
      reply: said,
      onDelta: (kind, text) => writer.write(kind, text),
    });
  }

  private async agentOf(run: Run, viewer: Viewer): Promise<AgentForRun> {
    const agent = await loadAgent(this.options.peers, viewer, run.agentId, run.agentVersion);
    if (!agent) {
      throw new RunFailure(
        'AGENT_UNAVAILABLE',
        'The agent has no published version, or was archived: publish it and send the message again.',
        false,
      );
    }
    if (run.agentVersion === null) {
      await this.options.database.scoped.run.updateMany({
        where: { id: run.id, fence: run.fence },
        data: { agentVersion: agent.version },
      });
    }
    return agent;
  }

  /** What was said up to the message that is answered, and the answers to those before it. */
  private async transcript({ run, reply }: ClaimedRun, agent: AgentForRun, viewer: Viewer): Promise<ModelTurn[]> {
    const { scoped } = this.options.database;
    const trigger = await scoped.message.findFirst({ where: { id: run.triggerMessageId } });
    const rows = await scoped.message.findMany({
      where: {
        conversationId: run.conversationId,
        status: { not: 'STREAMING' },
        position: { lt: reply.position },
        OR: [{ position: { lte: trigger?.position ?? 0n } }, { authorKind: 'AGENT' }],
      },
      orderBy: { position: 'desc' },
      take: MAX_HISTORY_MESSAGES,
    });
    const names = await this.names(rows, agent, viewer);
    return buildTranscript(rows.reverse(), { agentId: agent.id, names, maxCharacters: MAX_HISTORY_CHARACTERS });
  }

  private async names(rows: { authorKind: string; authorId: string }[], agent: AgentForRun, viewer: Viewer) {
    const idsOf = (kind: string) => [
      ...new Set(rows.filter((row) => row.authorKind === kind && row.authorId !== agent.id).map((row) => row.authorId)),
    ];
    const [users, agents] = [idsOf('USER'), idsOf('AGENT')];
    if (users.length + agents.length < 2) return new Map<string, string>();
    const { directory } = this.options;
    const named = (await Promise.all([directory.users(viewer, users), directory.agentNames(viewer, agents)])).flat();
    return new Map(named.map(({ id, name }) => [id, name]));
  }

  private async end(claimed: ClaimedRun, said: ModelReply, outcome: Outcome): Promise<void> {
    if (await finishRun(claimed, said, outcome, this.options)) this.options.onEnded(claimed.run);
  }

  /** Lets go of a run so that it is begun again, here or elsewhere. What the attempt cost is kept. */
  private async putDown({ run }: ClaimedRun, said: ModelReply): Promise<void> {
    const released = await this.options.transactions.scoped(async ({ tx }) => {
      const held = await tx.run.updateMany({
        where: { id: run.id, fence: run.fence, state: 'RUNNING' },
        data: { leaseUntil: null },
      });
      if (held.count > 0) await recordCalls(run, said, tx);
      return held.count > 0;
    });
    if (released) this.options.onPutDown(run);
  }
}

/** Whoever sent the message, with no more than reading what the reply needs. */
const onBehalfOf = (run: Run): Viewer => ({
  userId: run.startedById,
  userKind: 'HUMAN',
  orgId: run.orgId,
  role: 'WORKER',
  permissions: ['agents:read', 'organization:read', 'conversations:read'],
  credential: { kind: 'SESSION', id: run.id, expiresAt: null },
});

/** Whoever sets how much an agent thinks wants to see it as well. */
const thinkingOptions = ({ effort, budgetTokens }: NonNullable<AgentForRun['thinking']>): ThinkingOptions => ({
  include: true,
  ...(effort && { effort }),
  ...(budgetTokens !== null && { budgetTokens }),
});
