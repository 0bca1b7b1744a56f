import type { Step } from '#prisma/generated/client';

/**
 * Whether a step that began after another had failed may rest on it: not where the two lie in branches, or in calls of
 * one turn, that were begun side by side. Both are given by their keys. Pure.
 */
export function mayRestOn(key: string, failed: string): boolean {
  const [one, other] = [key.split('/'), failed.split('/')];
  const at = one.findIndex((part, index) => part !== other[index]);
  if (at < 1) return true;
  const [left = '', right = ''] = [one[at], other[at]];
  if (one[at - 1] === 'branch') return right === '';
  if (one[at - 1] === 'tool') return left.split('.')[0] !== right.split('.')[0];
  return true;
}

/** The ids of the steps that are not taken as they are: failed ones, what they are a part of, and what rests on them. */
export function stepsToRepeat(
  steps: readonly Pick<Step, 'id' | 'key' | 'state' | 'startedAt' | 'finishedAt'>[],
): string[] {
  const failed = steps.filter(({ state }) => state !== 'SUCCEEDED');
  return steps
    .filter((step) =>
      failed.some(
        (each) =>
          each === step ||
          each.key.startsWith(`${step.key}/`) ||
          (step.startedAt >= (each.finishedAt ?? each.startedAt) && mayRestOn(step.key, each.key)),
      ),
    )
    .map(({ id }) => id);
}
