import type { Approval } from '#prisma/generated/client';
import type { CountedLimit, LimitReached } from './run-signal.ts';
import type { Visit } from './visit.ts';

/** A limit can be raised so often in one run: then it holds. */
const MAX_RAISES = 10;

const keyOf = ({ path }: Visit, limit: CountedLimit, time: number) => `${path}limit/${limit}.${time}`;

const LIMITS: readonly CountedLimit[] = [
  'maxTurns',
  'maxSteps',
  'maxDepth',
  'maxHandoffs',
  'maxWallMs',
  'maxTokens',
  'maxToolCalls',
];

/** Gives an agent what people have allowed it beyond its limits so far. */
export function applyRaises(visit: Visit): void {
  if (visit.allowance.onLimit !== 'ESCALATE') return;
  for (const limit of LIMITS) {
    for (let time = 1; time <= MAX_RAISES; time += 1) {
      const decided = decisionAt(visit, limit, time);
      // One that nobody needed to answer any more is asked anew.
      if (!decided || decided.state === 'CANCELLED') break;
      if (decided.state === 'APPROVED') visit.allowance.raise(limit, Number((decided.arguments as { by: number }).by));
      else if (decided.state !== 'PENDING') visit.allowance.refuse(limit);
    }
    if (decisionAt(visit, limit, MAX_RAISES)) visit.allowance.refuse(limit);
  }
}

function decisionAt({ scope: { journal }, ...visit }: Visit, limit: CountedLimit, time: number): Approval | undefined {
  const step = journal.find(keyOf(visit as Visit, limit, time));
  return step && journal.approvalOf(step.id);
}

/** Asks a person whether an agent may go on beyond its limit. @throws Suspended until somebody has decided */
export async function askToRaise(visit: Visit, reached: LimitReached): Promise<never> {
  const { scope, agent, allowance, stepId } = visit;
  let time = 1;
  while (time < MAX_RAISES && isDecided(decisionAt(visit, reached.limit, time))) time += 1;
  const by = reached.bound;
  await scope.journal.step(
    {
      key: keyOf(visit, reached.limit, time),
      parentId: stepId,
      kind: 'DECISION',
      name: reached.limit,
      agent: { id: agent.id, version: agent.version },
      depth: allowance.depth,
      input: { limit: reached.limit, bound: by },
    },
    async (step) => {
      const asked = scope.journal.approvalOf(step.id);
      if (asked) return scope.journal.wait(step, asked);
      return scope.journal.ask(step, {
        kind: 'LIMIT',
        agentId: agent.id,
        subject: reached.limit,
        arguments: { bound: by, by },
        requiredRole: null,
        expiresAt: null,
        onExpiry: 'REJECTED',
      });
    },
    { beginsItself: true },
  );
  throw reached;
}

const isDecided = (approval: Approval | undefined) => approval?.state === 'APPROVED' || approval?.state === 'REJECTED';
