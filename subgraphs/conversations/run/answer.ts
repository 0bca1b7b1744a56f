import type { Database } from '#core/database/database';
import type { ModelTurn, ThinkingOptions } from '#core/model/model.port';
import type { ModelRegistry } from '#core/model/model-registry';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import type { PeerDirectory } from '../peer-directory.ts';
import { type AgentForRun, loadAgent } from './agent-definition.ts';
import type { ClaimedRun } from './claim.ts';
import type { DeltaWriter } from './delta-writer.ts';
import { ask, type ModelReply } from './model-reply.ts';
import { RunFailure } from './run-failure.ts';
import { buildTranscript } from './transcript.ts';

export interface AnswerOptions {
  database: Database;
  peers: Peers;
  directory: PeerDirectory;
  models: ModelRegistry;
  /** How long a model may be silent, in milliseconds. */
  idleTimeoutMs: number;
}

/** How much of the history goes to the model, in characters and in messages: about 50,000 tokens. */
const MAX_HISTORY_CHARACTERS = 200_000;
const MAX_HISTORY_MESSAGES = 400;

/** Lets an agent's model answer what a run is about. */
export class Answerer {
  constructor(private readonly options: AnswerOptions) {}

  /** Streams the answer into `said` and `writer`. @throws ModelError, RunFailure, ParleyError */
  async answer(claimed: ClaimedRun, said: ModelReply, writer: DeltaWriter, signal: AbortSignal): Promise<void> {
    const { run } = claimed;
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
      idleTimeoutMs: this.options.idleTimeoutMs,
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
