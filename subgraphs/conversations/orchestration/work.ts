import { inSpan } from '#core/telemetry/span';
import { RunFailure } from '../run/run-failure.ts';
import { answer } from './answer.ts';
import { closeWithSummary } from './closing.ts';
import { applyRaises, askToRaise } from './escalation.ts';
import { workAsTeam } from './pattern/work-as-team.ts';
import { LimitReached } from './run-signal.ts';
import type { Visit, VisitOutput } from './visit.ts';

/**
 * Lets an agent or a team do its work within its limits.
 * @throws LimitReached where a limit ended it; StepFailure, Suspended, ReplyBroken
 */
export function work(visit: Visit): Promise<VisitOutput> {
  const { id, name, version } = visit.agent;
  const attributes = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.id': id,
    'gen_ai.agent.name': name,
    'gen_ai.agent.version': String(version),
  };
  return inSpan(`invoke_agent ${name}`, { attributes }, () => workWithinLimits(visit));
}

async function workWithinLimits(visit: Visit): Promise<VisitOutput> {
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

/** The time that an agent set for itself, less what it has taken before: in earlier attempts, and before it was paused. */
function withinTime({ allowance, path, scope, signal }: Visit): { signal: AbortSignal; stop(): void } {
  const limit = allowance.boundOfOwn('maxWallMs');
  // What has ended is only gone through again.
  const hasEnded = scope.journal.find(path.slice(0, -1))?.finishedAt != null;
  if (!Number.isFinite(limit) || hasEnded) return { signal, stop: () => {} };
  const late = new AbortController();
  const taken = path === '' ? scope.run.activeMs : scope.journal.workedBelow(path);
  const timer = setTimeout(() => late.abort(allowance.reached('maxWallMs')), Math.max(0, limit - taken));
  return { signal: AbortSignal.any([signal, late.signal]), stop: () => clearTimeout(timer) };
}

/** The agent that a run is about cannot answer. */
export const agentUnavailable = () =>
  new RunFailure(
    'AGENT_UNAVAILABLE',
    'The agent has no published version, or was archived: publish it and send the message again.',
    false,
  );
