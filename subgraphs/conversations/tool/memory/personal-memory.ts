import type { JsonValue } from '#core/model/model.port';
import { SCOPE_NAMES } from './memory-block.ts';

/** A step whose output may hold what an agent remembers of the person that it answers. */
export const mayBePersonal = ({ kind, name }: { kind: string; name: string }): boolean =>
  kind === 'TOOL' && name === 'memory_read';

/**
 * What others than that person are shown of such an output: his blocks are there, without what stands in them. What is not
 * understood is withheld. Pure.
 */
export function withoutPersonal(output: JsonValue): JsonValue {
  if (output === null || typeof output !== 'object' || Array.isArray(output)) return null;
  const { blocks, note } = output;
  if (!Array.isArray(blocks)) return null;
  return { blocks: blocks.map(withoutText), ...(note !== undefined && { note }) };
}

function withoutText(block: JsonValue): JsonValue {
  // Where the result was cut, a sentence stands in the place of the last ones.
  if (typeof block === 'string') return block;
  if (block === null || typeof block !== 'object' || Array.isArray(block)) return null;
  const { scope = null, label = null } = block;
  const isOthers = typeof scope === 'string' && Object.hasOwn(SCOPE_NAMES, scope) && scope !== 'person';
  return isOthers ? block : { scope, label, withheld: true };
}
