import { isDeepStrictEqual } from 'node:util';
import type { RuleContent } from '#core/rule/rule';

/** One setting that differs. `before` is null where it was ADDED, `after` where it was REMOVED. */
export interface RuleChange {
  /** Such as `condition`, `scope.of` or `actions.0.message`. */
  path: string;
  kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  before: unknown;
  after: unknown;
}

/** Setting by setting, what leads from one content to another; empty where they are alike. Null counts as absent. */
export function diffRules(before: RuleContent, after: RuleContent): RuleChange[] {
  const [old, now] = [new Map(leaves(before, '')), new Map(leaves(after, ''))];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path) ?? null, now.get(path) ?? null];
    if (isDeepStrictEqual(was, is)) return [];
    return [{ path, kind: was === null ? 'ADDED' : is === null ? 'REMOVED' : 'CHANGED', before: was, after: is }];
  });
}

/** Lists of texts are compared as one, lists of settings entry by entry. */
function* leaves(value: object, prefix: string): Generator<[string, unknown]> {
  for (const [key, part] of Object.entries(value)) {
    const path = prefix + key;
    if (part === null || part === undefined || part === '') continue;
    const isText = Array.isArray(part) && part.every((item) => typeof item !== 'object');
    if (typeof part !== 'object' || isText) yield [path, part];
    else yield* leaves(part, `${path}.`);
  }
}
