import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { LRUCache } from 'lru-cache';
import type { JsonSchema } from '#core/model/model.port';

/** `strict: false`: schemas come from people and other servers, with keywords of other dialects. */
const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, addUsedSchema: false });

const compiled = new LRUCache<string, ValidateFunction>({ max: 500 });

/** What is listed of what is wrong: enough for a model to mend it. */
const MAX_PROBLEMS = 8;

/**
 * What is wrong with a value by a JSON Schema (2020-12), each as a sentence that begins with the place; empty where
 * nothing is.
 * @throws Error where the schema itself cannot be used.
 */
export function schemaProblems(schema: JsonSchema, value: unknown): string[] {
  const key = JSON.stringify(schema);
  let validate = compiled.get(key);
  if (!validate) {
    const { $id: _id, ...anonymous } = schema;
    validate = ajv.compile(anonymous);
    compiled.set(key, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(describe);
}

function describe({ instancePath, message, keyword, params }: ErrorObject): string {
  const place = instancePath === '' ? 'The value' : instancePath.slice(1).replaceAll('/', '.');
  if (keyword === 'additionalProperties') return `${place} must not have ${String(params.additionalProperty)}.`;
  if (keyword === 'enum') return `${place} must be one of ${JSON.stringify(params.allowedValues)}.`;
  return `${place} ${message ?? 'is not allowed'}.`;
}
