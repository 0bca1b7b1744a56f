import type { JsonValue } from '#core/model/model.port';

/** What a later step takes: `{{previous}}`, `{{previous.text}}`, `{{steps.0.body}}`. */
const PLACEHOLDER = /\{\{\s*(previous|steps\.\d{1,3})((?:\.[\w-]{1,100}){0,10})\s*\}\}/g;

/** Whether something of a text is still to come. */
export const isOpen = (value: unknown): boolean => typeof value === 'string' && value.search(PLACEHOLDER) >= 0;

/**
 * Fills in what earlier steps have put out. A text that is nothing but one placeholder becomes that value, of whichever type;
 * within a longer text a value that is no text stands as JSON, and what is not there as nothing. Pure.
 * @param outputs Of the steps so far, in order.
 */
export function fillIn(value: JsonValue, outputs: readonly JsonValue[]): JsonValue {
  if (typeof value === 'string') return fillText(value, outputs);
  if (Array.isArray(value)) return value.map((each) => fillIn(each, outputs));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fillIn(each, outputs)]));
}

function fillText(text: string, outputs: readonly JsonValue[]): JsonValue {
  const found = [...text.matchAll(PLACEHOLDER)];
  const [only] = found;
  if (only && found.length === 1 && only[0] === text.trim()) return valueAt(only, outputs);
  return text.replace(PLACEHOLDER, (...match) => {
    const value = valueAt(match, outputs);
    return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
  });
}

function valueAt(
  [, source = '', path = '']: readonly (string | undefined)[],
  outputs: readonly JsonValue[],
): JsonValue {
  const root = source === 'previous' ? outputs.at(-1) : outputs[Number(source.slice('steps.'.length))];
  let value: JsonValue = root ?? null;
  for (const key of path.split('.').slice(1)) {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    value = isThere ? ((value as Record<string, JsonValue>)[key] ?? null) : null;
  }
  return value;
}
