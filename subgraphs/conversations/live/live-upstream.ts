import type { RunnableAgent } from '#core/agent/runnable-agent';
import type { LivePort, LiveRequest } from '#core/model/live.port';
import type { ModelRegistry } from '#core/model/model-registry';
import type { Peers } from '#core/peer/peer';
import type { ToolSource } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { LiveSession } from '#prisma/generated/client';
import { systemText } from '../context/system-text.ts';
import { loadAgent } from '../orchestration/roster.ts';
import { RunFailure } from '../run/run-failure.ts';
import { AgentMemory } from '../tool/memory/agent-memory.ts';
import { MAX_MEMORY_CHARACTERS, memorySection } from '../tool/memory/memory-prompt.ts';
import { grantOf } from '../tool/tool-grant.ts';
import { onBehalfOf } from './live-history.ts';
import { fitForLive, type LiveTools } from './live-tool.ts';

/** Where the model of a session is, and what it is set up with. */
export interface Upstream {
  port: LivePort;
  request: LiveRequest;
  agent: Pick<RunnableAgent, 'id' | 'name'>;
  tools: LiveTools;
}

export interface UpstreamOptions {
  peers: Peers;
  models: ModelRegistry;
  tools: ToolSource;
}

/**
 * Puts together what the model is set up with: the version of the agent that the session began with, what that agent
 * remembers now, and those of its tools that a session can do with.
 * @throws RunFailure where the agent or the model is no longer there; ParleyError `UNAVAILABLE`.
 */
export async function prepareUpstream(session: LiveSession, options: UpstreamOptions): Promise<Upstream> {
  const viewer = onBehalfOf(session);
  const [agent, { provider, model }] = await Promise.all([
    loadAgent(options.peers, viewer, session.agentId, session.agentVersion),
    // By its prefix: not being able to list its models keeps no session from going on.
    options.models.resolve(session.model),
  ]);
  if (!agent) throw new RunFailure('AGENT_UNAVAILABLE', 'The agent was archived.', false);
  if (!provider.live) throw new RunFailure('MODEL_NOT_FOUND', `${provider.label} has no live models.`, false);
  const [memory, tools] = await Promise.all([
    new AgentMemory(options.peers).read(
      viewer,
      { agentId: agent.id, conversationId: session.conversationId },
      { maxCharacters: MAX_MEMORY_CHARACTERS },
    ),
    toolsOf(agent, viewer, options.tools),
  ]);
  const system = systemText([agent.instructions, memorySection(memory)]);
  const declared = [...tools.values()].map(({ tool: { name, description, parameters } }) => ({
    name,
    description,
    parameters,
  }));
  return {
    port: provider.live,
    agent,
    tools,
    request: {
      model,
      modality: session.modality as LiveRequest['modality'],
      ...(system && { system }),
      ...(session.voice !== null && { voice: session.voice }),
      ...(agent.temperature !== null && { temperature: agent.temperature }),
      ...(agent.maxOutputTokens !== null && { maxOutputTokens: agent.maxOutputTokens }),
      ...(declared.length > 0 && { tools: declared }),
    },
  };
}

async function toolsOf(agent: RunnableAgent, viewer: Viewer, source: ToolSource): Promise<LiveTools> {
  if (agent.tools.length === 0) return new Map();
  const approvals = new Map(agent.tools.map(({ name, approval }) => [name, approval]));
  const found = await source.find([...approvals.keys()], viewer);
  return fitForLive(found.map((tool) => grantOf(tool, approvals.get(tool.name) ?? null)));
}
