import { v7, validate, version } from 'uuid';

/** A new id: UUIDv7, so that ids made later sort later. */
export const newId = (): string => v7();

const MAX_ID_MS = 2 ** 48 - 1;

/** The least id that can be made at a moment: what was made then or later has this one or a greater. */
export function firstIdAt(at: Date): string {
  const hex = Math.min(Math.max(0, at.getTime()), MAX_ID_MS).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** Whether `value` has the shape of an id. Any UUID version is taken, since ids may come from elsewhere. */
export const isId = (value: unknown): value is string =>
  typeof value === 'string' && validate(value) && version(value) > 0;
