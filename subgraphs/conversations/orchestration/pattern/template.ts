import type { JsonValue } from '#core/model/model.port';
import type { VisitOutput } from '../visit.ts';

/** A place in a template: `{{input}}`, `{{outputs.KEY}}` or `{{outputs.KEY.a.b}}`. */
const PLACE = /\{\{\s*([^{}]+?)\s*\}\}/g;

/**
 * Fills the places of a template. What a node did not put out, such as one that was skipped, is left empty.
 * @param outputs What nodes have put out, by key.
 */
export function fillTemplate(template: string, input: string, outputs: ReadonlyMap<string, VisitOutput>): string {
  return template.replace(PLACE, (_, place: string) => {
    if (place === 'input') return input;
    const [root, key = '', ...path] = place.split('.');
    const output = root === 'outputs' ? outputs.get(key) : undefined;
    if (!output) return '';
    if (path.length === 0) return output.text;
    const part = partOf(output.value, path);
    return typeof part === 'string' ? part : part === undefined ? '' : JSON.stringify(part);
  });
}

function partOf(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let part: JsonValue | undefined = value;
  for (const name of path) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
    part = (part as Record<string, JsonValue>)[name];
  }
  return part;
}
