import type { AgentContent } from './agent-definition.ts';

/** A setting that is compared as one: a text, a number, the names of a list in order, or a JSON Schema. */
export type Leaf = string | number | boolean | readonly string[] | Readonly<Record<string, unknown>>;

type Fields = Record<string, unknown>;

/**
 * The settings of an agent by their paths. What stands in a list goes by its name: tools by theirs, nodes by their keys,
 * whatever is about a node by its node. Null and empty text count as absent: they say that nothing is set.
 */
export const leavesOf = (content: AgentContent): Map<string, Leaf> => new Map(leaves(content as unknown as Fields, ''));

/** Compared as one, since null and order mean something within it. */
const WHOLE = new Set(['definition.outputSchema']);

/** The order of these means nothing. */
const UNORDERED = new Set(['definition.tools']);

/** What a thing in a list goes by, and the fields that say so. */
const NAMES: readonly { fields: readonly string[]; name: (item: Fields) => string }[] = [
  { fields: ['name'], name: ({ name }) => String(name) },
  { fields: ['key'], name: ({ key }) => String(key) },
  { fields: ['from', 'to'], name: ({ from, to }) => `${from}>${to}` },
  { fields: ['node'], name: ({ node }) => String(node) },
  { fields: [], name: ({ nodes }) => (nodes as Fields[]).map(({ node }) => node).join('+') },
];

function* leaves(fields: Fields, prefix: string): Generator<[string, Leaf]> {
  for (const [key, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === '') continue;
    const path = prefix + key;
    if (typeof value !== 'object' || WHOLE.has(path)) yield [path, value as Leaf];
    else if (Array.isArray(value)) yield* leavesOfList(value, path);
    else yield* leaves(value as Fields, `${path}.`);
  }
}

function* leavesOfList(items: Fields[], path: string): Generator<[string, Leaf]> {
  if (items.length === 0) return;
  const named = nameAll(items);
  const names = named.map(({ name }) => name);
  yield [path, UNORDERED.has(path) ? names.sort() : names];
  for (const { name, rest } of named) yield* leaves(rest, `${path}.${name}.`);
}

/** The second of a name is told from the first by `#2`. */
function nameAll(items: Fields[]): { name: string; rest: Fields }[] {
  const counts = new Map<string, number>();
  return items.map((item) => {
    const by = NAMES.find(({ fields }) => fields.every((field) => field in item));
    const name = by?.name(item) ?? '';
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const rest = Object.fromEntries(Object.entries(item).filter(([field]) => !by?.fields.includes(field)));
    return { name: count === 1 ? name : `${name}#${count}`, rest };
  });
}

/** Whether two leaves say the same. The database does not keep the order of keys. */
export const isSameLeaf = (one: Leaf | null, other: Leaf | null): boolean =>
  one === other || JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

/** A value with the keys of each object in one order. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, inOrder(part)]));
}
