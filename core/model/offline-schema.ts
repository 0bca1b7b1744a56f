import type { JsonObject, JsonSchema, JsonValue } from './model.port.ts';

const DEEPEST = 8;

/**
 * A value that fits a JSON Schema, filled from a text where the schema leaves a choice: the enum value or the number that
 * the text names, the text itself for a string. Deterministic. Knows types, `enum`, `const`, `default`, `properties`,
 * `items`, `minItems`, `minimum`, `maximum`, `anyOf`, `oneOf` and local `$ref`.
 */
export function fillSchema(schema: JsonSchema, text: string, root: JsonSchema = schema, depth = 0): JsonValue {
  if (depth > DEEPEST) return null;
  const ref = schema.$ref;
  if (typeof ref === 'string') return fillSchema(resolveRef(ref, root), text, root, depth + 1);
  if ('const' in schema) return schema.const as JsonValue;
  if (Array.isArray(schema.enum)) return pickNamed(schema.enum as JsonValue[], text);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices) && choices[0]) return fillSchema(choices[0] as JsonSchema, text, root, depth + 1);
  if ('default' in schema) return schema.default as JsonValue;
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return typeof schema.maxLength === 'number' ? text.slice(0, schema.maxLength) : text;
    case 'number':
    case 'integer':
      return fillNumber(schema, text);
    case 'boolean':
      return !/\b(no|not|never|false|off)\b/i.test(text);
    case 'array': {
      const count = typeof schema.minItems === 'number' ? schema.minItems : 0;
      return Array.from({ length: count }, () => fillSchema(toSchema(schema.items), text, root, depth + 1));
    }
    case 'null':
      return null;
    default:
      return fillObject(schema, text, root, depth);
  }
}

function fillObject(schema: JsonSchema, text: string, root: JsonSchema, depth: number): JsonObject {
  const value: JsonObject = {};
  for (const [name, property] of Object.entries(toSchema(schema.properties))) {
    value[name] = fillSchema(toSchema(property), text, root, depth + 1);
  }
  return value;
}

function fillNumber(schema: JsonSchema, text: string): number {
  const named = Number(/-?\d+(?:\.\d+)?/.exec(text)?.[0] ?? 0);
  const { minimum, maximum } = schema;
  const low = typeof minimum === 'number' ? Math.max(minimum, named) : named;
  const value = typeof maximum === 'number' ? Math.min(maximum, low) : low;
  return schema.type === 'integer' ? Math.trunc(value) : value;
}

function pickNamed(values: JsonValue[], text: string): JsonValue {
  const words = text.toLowerCase();
  return values.find((value) => words.includes(String(value).toLowerCase().replaceAll('_', ' '))) ?? values[0] ?? null;
}

function resolveRef(ref: string, root: JsonSchema): JsonSchema {
  const path = ref.replace(/^#\/?/, '').split('/').filter(Boolean);
  return path.reduce((schema: JsonSchema, key) => toSchema(schema[key]), root);
}

const toSchema = (value: unknown): JsonSchema => (typeof value === 'object' && value !== null ? { ...value } : {});
