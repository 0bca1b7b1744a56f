import type { OwnLimits } from '#core/agent/run-limits';
import type { Run } from '#prisma/generated/client';
import type { LoggedStep } from './dependence.ts';
import type { StepError } from './run-signal.ts';

/** How often each agent of a run may go as far as its limits say, by its place; once where it is not named. */
export type LimitRounds = Readonly<Record<string, number>>;

const COUNTED = ['maxTurns', 'maxSteps', 'maxDepth', 'maxHandoffs', 'maxWallMs', 'maxTokens', 'maxToolCalls'] as const;

/** The limits of the agent at a place, as much again for every retry behind one of them. */
export function limitsAt(run: Pick<Run, 'limitRounds'>, path: string, limits: OwnLimits): OwnLimits {
  const rounds = (run.limitRounds as LimitRounds | null)?.[path] ?? 1;
  if (rounds === 1) return limits;
  const grown = COUNTED.flatMap((limit) => {
    const bound = limits[limit];
    return bound === undefined ? [] : [[limit, bound * rounds]];
  });
  return { ...limits, ...Object.fromEntries(grown) };
}

/** One round more for everybody whose limit ended what is done again: else it would end there at once. */
export function roundsAfter(run: Pick<Run, 'state' | 'limitRounds'>, repeated: readonly LoggedStep[]): LimitRounds {
  const owners = repeated.flatMap(({ state, error }) => {
    const limit = state === 'FAILED' ? (error as StepError | null)?.limit : undefined;
    return limit ? [limit.owner] : [];
  });
  const rounds = { ...(run.limitRounds as LimitRounds | null) };
  for (const owner of new Set([...owners, ...(run.state === 'LIMIT_REACHED' ? [''] : [])])) {
    rounds[owner] = (rounds[owner] ?? 1) + 1;
  }
  return rounds;
}
