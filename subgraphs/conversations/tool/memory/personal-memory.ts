import type { JsonObject, JsonValue } from '#core/model/model.port';
import { SCOPE_NAMES } from './memory-block.ts';

/** A step, as far as it may hold what an agent remembers of the person that it answers. */
export interface ShownStep {
  kind: string;
  name: string;
  input: JsonValue;
  output: JsonValue;
}

/** Whether a step holds it: it was read, or written down, or a model asked for that. Pure. */
export function isPersonal({ kind, name, input, output }: ShownStep): boolean {
  if (kind === 'TOOL') return name === 'memory_read' || (name === 'memory_write' && isOfPerson(input));
  return kind === 'MODEL' && partsOf(output).some(isPersonalCall);
}

/** What others than that person are shown of such a step: that it was done, and about which block. Pure. */
export function forOthers(step: ShownStep): Pick<ShownStep, 'input' | 'output'> {
  const { kind, name, input, output } = step;
  if (!isPersonal(step)) return { input, output };
  if (kind === 'TOOL') {
    return name === 'memory_read' ? { input, output: withoutTexts(output) } : { input: withoutText(input), output };
  }
  const parts = partsOf(output).map((part) =>
    isPersonalCall(part) ? { ...part, args: withoutText(part.args ?? null) } : part,
  );
  // What the provider gave beside it says the same once more.
  return { input, output: { ...(output as JsonObject), parts, rawParts: null } };
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is not understood is taken for the person's. */
const isOfPerson = (block: JsonValue | undefined): boolean => {
  const scope = isObject(block) ? block.scope : null;
  return typeof scope !== 'string' || !Object.hasOwn(SCOPE_NAMES, scope) || scope === 'person';
};

const partsOf = (output: JsonValue): JsonObject[] =>
  isObject(output) && Array.isArray(output.parts) ? output.parts.filter(isObject) : [];

const isPersonalCall = ({ type, name, args }: JsonObject): boolean =>
  type === 'tool_call' && name === 'memory_write' && isOfPerson(args);

function withoutTexts(output: JsonValue): JsonValue {
  if (!isObject(output) || !Array.isArray(output.blocks)) return null;
  const { blocks, note } = output;
  // Where the result was cut, a sentence stands in the place of the last ones.
  const shown = blocks.map((block) => (typeof block === 'string' || !isOfPerson(block) ? block : withoutText(block)));
  return { blocks: shown, ...(note !== undefined && { note }) };
}

function withoutText(block: JsonValue): JsonValue {
  if (!isObject(block)) return null;
  const { scope = null, label = null } = block;
  return { scope, label, withheld: true };
}
