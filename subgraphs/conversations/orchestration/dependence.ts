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
