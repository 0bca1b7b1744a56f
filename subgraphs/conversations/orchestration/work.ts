import type { TeamNode } from '#core/agent/team-definition';
import type { JsonValue } from '#core/model/model.port';
import { RunFailure } from '../run/run-failure.ts';
import { answer } from './answer.ts';
import { closeWithSummary } from './closing.ts';
import { applyRaises, askToRaise } from './escalation.ts';
import { workAsTeam } from './pattern/team.ts';
import { LimitReached, StepFailure } from './run-signal.ts';
import type { Speaker } from './speaker.ts';
import type { Visit, VisitInput, VisitOutput } from './visit.ts';

/**
 * Lets an agent or a team do its work within its limits.
 * @throws LimitReached where a limit ended it; StepFailure, Suspended, ReplyBroken
 */
export async function work(visit: Visit): Promise<VisitOutput> {
  applyRaises(visit);
  const { signal, stop } = withinTime(visit);
  const timed: Visit = { ...visit, signal };
  try {
    return await (visit.agent.team ? workAsTeam(timed, visit.agent.team) : answer(timed));
  } catch (error) {
    visit.signal.throwIfAborted();
    const reached = signal.aborted ? (signal.reason as unknown) : error;
    if (!(reached instanceof LimitReached) || reached.owner !== visit.path) throw reached;
    if (reached.asks) return await askToRaise(visit, reached);
    if (visit.allowance.onLimit === 'SUMMARISE') return await closeWithSummary(visit, reached);
    throw reached;
  } finally {
    stop();
  }
}

/** The time that an agent set for itself. That of the run's own agent is counted by the run. */
function withinTime({ agent, allowance, path, signal }: Visit): { signal: AbortSignal; stop(): void } {
  const limit = path === '' ? undefined : agent.limits.maxWallMs;
  if (limit === undefined) return { signal, stop: () => {} };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(allowance.reached('maxWallMs')), limit);
  return { signal: AbortSignal.any([signal, late.signal]), stop: () => clearTimeout(timer) };
}

export interface NodeWork {
  node: TeamNode;
  /** Its place below the team's. */
  key: string;
  input: VisitInput;
  speaker?: Speaker | null;
  signal?: AbortSignal;
  /** A message of its own that it writes, by its id. */
  messageId?: string;
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
  const agent = await scope.roster.find(node.agentId, earlier?.agentVersion ?? node.version);
  if (!agent) throw new StepFailure(UNAVAILABLE(node));
  const spec = {
    key: stepKey,
    parentId: team.stepId,
    kind: 'AGENT' as const,
    name: node.key,
    agent: { id: agent.id, version: agent.version },
    depth: allowance.depth,
    input: (input.kind === 'TEXT' ? input.text : { room: scope.run.conversationId }) as JsonValue,
    ...(options.messageId && { messageId: options.messageId }),
  };
  try {
    const output = await scope.journal.group(spec, async (step) => {
      const made = await work({
        scope,
        agent,
        path,
        stepId: step.id,
        input,
        speaker: options.speaker ?? null,
        allowance: allowance.below(path, agent.limits),
        signal: options.signal ?? team.signal,
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

const UNAVAILABLE = (node: TeamNode) => ({
  code: 'AGENT_UNAVAILABLE',
  message: `The agent at ${node.key} has no published version, or was archived.`,
  retryable: false,
});

/** The agent that a run is about cannot answer. */
export const agentUnavailable = () =>
  new RunFailure(
    'AGENT_UNAVAILABLE',
    'The agent has no published version, or was archived: publish it and send the message again.',
    false,
  );
