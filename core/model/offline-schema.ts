import type { JsonSchema, JsonValue } from './model.port.ts';

/** A schema may refer to itself or ask for a million items: past these bounds the value is null. */
const DEEPEST = 8;
const MOST_VALUES = 1_000;

/**
 * A value that fits a JSON Schema, filled from a text where the schema leaves a choice: the enum value or the number that
 * the text names, the text itself for a string. Deterministic. Knows types, `enum`, `const`, `default`, `properties`,
 * `items`, `minItems`, `minimum`, `maximum`, `maxLength`, `anyOf`, `oneOf` and local `$ref`.
 */
export const fillSchema = (schema: JsonSchema, text: string): JsonValue =>
  new SchemaFiller(schema, text).fill(schema, 0);

class SchemaFiller {
  readonly #root: JsonSchema;
  readonly #text: string;
  #left = MOST_VALUES;

  constructor(root: JsonSchema, text: string) {
    this.#root = root;
    this.#text = text;
  }

  fill(schema: JsonSchema, depth: number): JsonValue {
    this.#left -= 1;
    if (depth > DEEPEST || this.#left < 0) return null;
    if (typeof schema.$ref === 'string') return this.fill(resolveRef(schema.$ref, this.#root), depth + 1);
    if ('const' in schema) return schema.const as JsonValue;
    if (Array.isArray(schema.enum)) return pickNamed(schema.enum as JsonValue[], this.#text);
    const choices = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(choices)) return this.fill(toSchema(choices[0]), depth + 1);
    if ('default' in schema) return schema.default as JsonValue;
    return this.#fillType(schema, depth);
  }

  #fillType(schema: JsonSchema, depth: number): JsonValue {
    switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
      case 'string':
        return typeof schema.maxLength === 'number' ? this.#text.slice(0, schema.maxLength) : this.#text;
      case 'number':
      case 'integer':
        return fillNumber(schema, this.#text);
      case 'boolean':
        return !/\b(no|not|never|false|off)\b/i.test(this.#text);
      case 'array': {
        const length = typeof schema.minItems === 'number' ? Math.min(schema.minItems, MOST_VALUES) : 0;
        return Array.from({ length }, () => this.fill(toSchema(schema.items), depth + 1));
      }
      case 'null':
        return null;
      default: {
        const properties = Object.entries(toSchema(schema.properties)).slice(0, MOST_VALUES);
        return Object.fromEntries(properties.map(([name, each]) => [name, this.fill(toSchema(each), depth + 1)]));
      }
    }
  }
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
