import type { JsonValue } from '#core/model/model.port';
import { schemaProblems } from '#core/tool/json-schema';
import { unfenced } from '../guard/without-escapes.ts';

/** The JSON that a model wrote, and what is wrong with it. */
export function readJson(text: string, schema: Record<string, unknown>): { value: JsonValue; problems: string[] } {
  try {
    const value = JSON.parse(unfenced(text)) as JsonValue;
    return { value, problems: schemaProblems(schema, value) };
  } catch {
    return { value: null, problems: ['It is not JSON.'] };
  }
}
