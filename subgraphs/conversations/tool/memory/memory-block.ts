/** A block as the owner of memory hands it to whoever lets agents work. */
export interface MemoryBlock {
  scope: MemoryScope;
  label: string;
  description: string;
  /** The text, or the beginning of it. */
  value: string;
  /** How long the text is. */
  characters: number;
  characterLimit: number;
  readOnly: boolean;
  revision: number;
}

export type MemoryScope = 'ORG' | 'AGENT' | 'USER' | 'CONVERSATION';

/** Whose a block is, as models are told. */
export const SCOPE_NAMES = {
  shared: 'ORG',
  own: 'AGENT',
  person: 'USER',
  room: 'CONVERSATION',
} as const satisfies Record<string, MemoryScope>;

export type ScopeName = keyof typeof SCOPE_NAMES;

const NAMES = new Map(Object.entries(SCOPE_NAMES).map(([name, scope]) => [scope, name as ScopeName]));

/** @throws Error where there is no such scope */
export function nameOfScope(scope: MemoryScope): ScopeName {
  const name = NAMES.get(scope);
  if (!name) throw new Error(`A memory of the scope ${scope} is not known.`);
  return name;
}
