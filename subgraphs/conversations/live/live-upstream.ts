import type { LivePort, LiveRequest } from '#core/model/live.port';
import type { ModelRegistry } from '#core/model/model-registry';
import type { Peers } from '#core/peer/peer';
import type { LiveSession } from '#prisma/generated/client';
import { loadAgent } from '../orchestration/roster.ts';
import { RunFailure } from '../run/run-failure.ts';
import { onBehalfOf } from './live-history.ts';
import type { LiveTools } from './live-tool.ts';

/** Where the model of a session is, and what it is set up with. */
export interface Upstream {
  port: LivePort;
  request: LiveRequest;
}

export interface UpstreamOptions {
  peers: Peers;
  models: ModelRegistry;
  tools: LiveTools;
}

/**
 * Puts together what the model is set up with: the version of the agent that the session began with.
 * @throws RunFailure where the agent or the model is no longer there; ParleyError `UNAVAILABLE`.
 */
export async function prepareUpstream(
  session: LiveSession,
  { peers, models, tools }: UpstreamOptions,
): Promise<Upstream> {
  const [agent, { provider, model }] = await Promise.all([
    loadAgent(peers, onBehalfOf(session), session.agentId, session.agentVersion),
    // By its prefix: not being able to list its models keeps no session from going on.
    models.resolve(session.model),
  ]);
  if (!agent) throw new RunFailure('AGENT_UNAVAILABLE', 'The agent was archived.', false);
  if (!provider.live) throw new RunFailure('MODEL_NOT_FOUND', `${provider.label} has no live models.`, false);
  const declarations = [...tools.values()].map(({ declaration }) => declaration);
  return {
    port: provider.live,
    request: {
      model,
      modality: session.modality as LiveRequest['modality'],
      ...(agent.instructions && { system: agent.instructions }),
      ...(session.voice !== null && { voice: session.voice }),
      ...(agent.temperature !== null && { temperature: agent.temperature }),
      ...(agent.maxOutputTokens !== null && { maxOutputTokens: agent.maxOutputTokens }),
      ...(declarations.length > 0 && { tools: declarations }),
    },
  };
}
