import type { TeamNode } from '#core/agent/team-definition';
import type { JsonValue } from '#core/model/model.port';
import type { Exits } from './delegate.ts';
import { limitsAt } from './limit-rounds.ts';
import { LimitReached, StepFailure } from './run-signal.ts';
import type { Speaker } from './speaker.ts';
import type { Visit, VisitInput, VisitOutput } from './visit.ts';

export interface NodeWork {
  node: TeamNode;
  /** Its place below the team's. */
  key: string;
  input: VisitInput;
  speaker?: Speaker | null;
  signal?: AbortSignal;
  /** A message of its own that it writes, by its id. */
  messageId?: string;
  exits?: Exits;
}

/** What a node put out, as it is stored. */
export interface NodeOutput extends VisitOutput {
  /** What the agent of the node is called. */
  name: string;
}

/** Lets the agent at a node of a team work, as a step of the team. @throws StepFailure where it failed by itself */
export async function workAtNode(team: Visit, { node, key, input, ...options }: NodeWork): Promise<NodeOutput> {
  const { scope, allowance } = team;
  const path = `${team.path}${key}/`;
  const stepKey = `${team.path}${key}`;
  allowance.take('maxSteps');
  const earlier = scope.journal.find(stepKey);
  const isSameAgent = earlier?.agentId === node.agentId && earlier.agentVersion !== NO_VERSION;
  const found = await scope.roster.find(node.agentId, isSameAgent ? earlier.agentVersion : node.version);
  const spec = {
    key: stepKey,
    parentId: team.stepId,
    kind: 'AGENT' as const,
    name: node.key,
    agent: { id: node.agentId, version: found?.version ?? NO_VERSION },
    depth: allowance.depth,
    input: (input.kind === 'ROOM' ? { room: scope.run.conversationId } : input.text) as JsonValue,
    ...(options.messageId && { messageId: options.messageId }),
  };
  const wasMissing = earlier?.state === 'FAILED' && earlier.agentVersion === NO_VERSION;
  if (!found || wasMissing) {
    const output = await scope.journal.step(spec, () => Promise.reject(new StepFailure(UNAVAILABLE(node))));
    // It had done its work before it was gone.
    const made = output as unknown as NodeOutput;
    options.speaker?.repeat([made.text]);
    return made;
  }
  const agent = { ...found, limits: limitsAt(scope.run, path, found.limits) };
  try {
    const output = await scope.journal.group(spec, async (step) => {
      const made = await scope.work({
        scope,
        agent,
        path,
        stepId: step.id,
        input,
        speaker: options.speaker ?? null,
        allowance: allowance.below(path, agent.limits),
        signal: options.signal ?? team.signal,
        ...(options.exits && { exits: options.exits }),
      });
      return { ...made, name: agent.name } as unknown as JsonValue;
    });
    return output as unknown as NodeOutput;
  } catch (error) {
    // Its own limit is its own failure; one of those above it ends their work.
    if (!(error instanceof LimitReached) || error.owner !== path) throw error;
    throw new StepFailure({ code: 'LIMIT_REACHED', message: `${agent.name}: ${error.message}`, retryable: false });
  }
}

/** Stands with a step for the version of an agent that had none to work with. */
const NO_VERSION = 0;

const UNAVAILABLE = (node: TeamNode) => ({
  code: 'AGENT_UNAVAILABLE',
  message: `The agent at ${node.key} has no published version, or was archived: publish or restore it.`,
  retryable: false,
});
