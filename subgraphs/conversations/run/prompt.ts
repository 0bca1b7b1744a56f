import type { Database } from '#core/database/database';
import type { ModelTurn, ThinkingOptions } from '#core/model/model.port';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';
import type { Message, Run } from '#prisma/generated/client';
import type { PeerDirectory } from '../peer-directory.ts';
import { type AgentForRun, loadAgent } from './agent-definition.ts';
import type { ClaimedRun } from './claim.ts';
import { RunFailure } from './run-failure.ts';
import { buildTranscript } from './transcript.ts';

/** How much of the history goes to the model, in characters and in messages: about 50,000 tokens. */
const MAX_HISTORY_CHARACTERS = 200_000;
const MAX_HISTORY_MESSAGES = 400;

export interface PromptOptions {
  database: Database;
  peers: Peers;
  directory: PeerDirectory;
}

/** What a model is asked, but for the model's own name. */
export interface Prompt {
  /** With or without its provider's prefix. */
  modelId: string;
  system?: string;
  turns: ModelTurn[];
  temperature?: number;
  maxOutputTokens?: number;
  thinking?: ThinkingOptions;
}

/** Puts together what the model is asked: the agent's definition and the room so far. @throws RunFailure */
export async function buildPrompt(claimed: ClaimedRun, options: PromptOptions): Promise<Prompt> {
  const viewer = onBehalfOf(claimed.run);
  const [agent, turns] = await Promise.all([
    agentOf(claimed.run, viewer, options),
    transcriptOf(claimed, viewer, options),
  ]);
  return {
    modelId: agent.model,
    turns,
    ...(agent.instructions && { system: agent.instructions }),
    ...(agent.temperature !== null && { temperature: agent.temperature }),
    ...(agent.maxOutputTokens !== null && { maxOutputTokens: agent.maxOutputTokens }),
    ...(agent.thinking && { thinking: thinkingOptions(agent.thinking) }),
  };
}

async function agentOf(run: Run, viewer: Viewer, { peers, database }: PromptOptions): Promise<AgentForRun> {
  const agent = await loadAgent(peers, viewer, run.agentId, run.agentVersion);
  if (!agent) {
    const reason = 'The agent has no published version, or was archived: publish it and send the message again.';
    throw new RunFailure('AGENT_UNAVAILABLE', reason, false);
  }
  // A later attempt answers with the same version, whatever has been published since.
  if (run.agentVersion === null) {
    const data = { agentVersion: agent.version };
    await database.scoped.run.updateMany({ where: { id: run.id, fence: run.fence }, data });
  }
  return agent;
}

/** What was said up to the message that is answered, and the answers to those before it. */
async function transcriptOf({ run, reply }: ClaimedRun, viewer: Viewer, options: PromptOptions): Promise<ModelTurn[]> {
  const rows = await options.database.scoped.message.findMany({
    where: {
      conversationId: run.conversationId,
      status: { not: 'STREAMING' },
      position: { lt: reply.position },
    },
    orderBy: { position: 'desc' },
    take: MAX_HISTORY_MESSAGES,
  });
  const trigger = rows.find((row) => row.id === run.triggerMessageId);
  const said = rows.filter((row) => !trigger || row.authorKind === 'AGENT' || row.position <= trigger.position);
  const names = await namesOf(said, run.agentId, viewer, options.directory);
  return buildTranscript(said.reverse(), { agentId: run.agentId, names, maxCharacters: MAX_HISTORY_CHARACTERS });
}

/** The names of all speakers but the agent itself. With one other speaker there is nobody to be confused with. */
async function namesOf(rows: Message[], agentId: string, viewer: Viewer, directory: PeerDirectory) {
  const idsOf = (kind: Message['authorKind']) => [
    ...new Set(rows.filter((row) => row.authorKind === kind && row.authorId !== agentId).map((row) => row.authorId)),
  ];
  const [users, agents] = [idsOf('USER'), idsOf('AGENT')];
  if (users.length + agents.length < 2) return new Map<string, string>();
  const named = await Promise.all([directory.users(viewer, users), directory.agentNames(viewer, agents)]);
  return new Map(named.flat().map(({ id, name }) => [id, name]));
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
