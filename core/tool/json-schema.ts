import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { LRUCache } from 'lru-cache';
import { doWithin } from '#core/bounded-work';
import type { JsonSchema } from '#core/model/model.port';

/**
 * `strict: false`: schemas come from people and other servers, with keywords of other dialects. What would make checks a
 * little faster makes compiling several times slower, and most schemas are used a few times.
 */
const ajv = new Ajv2020({
  allErrors: true,
  strict: false,
  validateFormats: false,
  addUsedSchema: false,
  inlineRefs: false,
  code: { optimize: false },
});

const compiled = new LRUCache<string, ValidateFunction>({ max: 500 });

/** What is listed of what is wrong: enough for a model to mend it. */
const MAX_PROBLEMS = 8;

/** How long the check of one value may take, in milliseconds: what is sound takes a fraction of one. */
const MAX_MS = 100;

/** Schemas whose check took too long, for a while: each try holds the process. */
const slow = new LRUCache<ValidateFunction, true>({ max: 500, ttl: 10_000 });

const UNCHECKED = 'The value cannot be checked by this schema.';

/** What a schema that people write may be: far more than a model keeps to, and compiled within tens of milliseconds. */
export const SCHEMA_LIMITS = { characters: 20_000, depth: 40, parts: 600 } as const;

/**
 * What is wrong with a value by a JSON Schema (2020-12), each as a sentence that begins with the place; empty where
 * nothing is.
 * @throws Error where the schema itself cannot be used.
 */
export function schemaProblems(schema: JsonSchema, value: unknown): string[] {
  const validate = compile(schema);
  if (slow.has(validate)) return [UNCHECKED];
  try {
    if (doWithin(MAX_MS, () => validate(value))) return [];
  } catch {
    // A pattern that never ends, or a reference that leads back to itself.
    slow.set(validate, true);
    return [UNCHECKED];
  }
  return (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(describe);
}

/** Why a schema cannot be used, as a sentence without its point; null where it can. Nothing is fetched for it. */
export function schemaFault(schema: JsonSchema): string | null {
  const { characters, depth, parts } = SCHEMA_LIMITS;
  if (JSON.stringify(schema).length > characters) {
    return `It must have at most ${characters.toLocaleString('en')} characters`;
  }
  if (depthOf(schema) > depth) return `It must be nested at most ${depth} deep`;
  if (partsOf(schema) > parts) return `It must have at most ${parts} objects and lists in it`;
  const [remote] = remoteReferences(schema);
  if (remote) return `${remote.place} refers to ${remote.to}: a schema can only refer to its own parts, by #`;
  try {
    compile(schema);
    return null;
  } catch (error) {
    if (error instanceof RangeError) return 'It refers to itself without an end';
    return `It is not a JSON Schema: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** @throws Error where it is none */
function compile(schema: JsonSchema): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = compiled.get(key);
  if (known) return known;
  const { $id: _id, ...anonymous } = schema;
  try {
    const validate = ajv.compile(anonymous);
    compiled.set(key, validate);
    return validate;
  } finally {
    // The library would keep every schema that it ever saw.
    ajv.removeSchema(anonymous);
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + partsOf(part), 1);
}

/** These hold values, not schemas. */
const VALUES = new Set(['const', 'enum', 'default', 'examples']);

function remoteReferences(value: unknown, place = ''): { place: string; to: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const here = place === '' ? key : `${place}.${key}`;
    if ((key === '$ref' || key === '$dynamicRef') && typeof part === 'string') {
      return part.startsWith('#') ? [] : [{ place: here, to: part }];
    }
    return VALUES.has(key) ? [] : remoteReferences(part, here);
  });
}

function describe({ instancePath, message, keyword, params }: ErrorObject): string {
  const place = instancePath === '' ? 'The value' : instancePath.slice(1).replaceAll('/', '.');
  if (keyword === 'additionalProperties') return `${place} must not have ${String(params.additionalProperty)}.`;
  if (keyword === 'enum') return `${place} must be one of ${JSON.stringify(params.allowedValues)}.`;
  return `${place} ${message ?? 'is not allowed'}.`;
}
