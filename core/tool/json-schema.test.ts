import { describe, expect, it } from 'vitest';
import type { JsonSchema, JsonValue } from '#core/model/model.port';
import { schemaFault, schemaProblems } from './json-schema.ts';

const nested = (depth: number): JsonSchema =>
  depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };

describe('a schema', () => {
  it.each<[string, JsonSchema]>([
    ['that allows anything', {}],
    ['of an object', { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }],
    ['with an id', { $id: 'https://example.com/x', type: 'string' }],
    ['with parts that are referred to', { $defs: { a: { type: 'string' } }, properties: { b: { $ref: '#/$defs/a' } } }],
    ['with a property of that name', { properties: { $ref: { type: 'string' } } }],
    ['with such a value', { enum: [{ $ref: 'https://example.com' }] }],
    ['that is as deep as it may be', nested(19)],
  ])('%s can be used, twice', (_, schema) => {
    expect(schemaFault(schema)).toBeNull();
    expect(schemaFault({ ...schema })).toBeNull();
  });

  it.each<[string, JsonSchema, RegExp]>([
    ['a type that there is not', { type: 'text' }, /not a JSON Schema.*type/],
    ['a list where a schema should be', { properties: { a: [] } }, /not a JSON Schema/],
    ['no part of that name', { $ref: '#/$defs/none' }, /not a JSON Schema.*none/],
    ['a part that is itself', { properties: { a: { $ref: '#/properties/a' } } }, /itself without an end/],
    ['a bad pattern', { pattern: '(' }, /not a JSON Schema/],
    [
      'another server’s part',
      { properties: { a: { $ref: 'https://example.com/x' } } },
      /^properties\.a\.\$ref refers to https:\/\/example\.com\/x/,
    ],
    ['too much', { description: 'x'.repeat(20_000) }, /at most 20,000/],
    ['too deep', nested(21), /at most 40 deep/],
    [
      'too many parts',
      { properties: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, { enum: [i] }])) },
      /at most 600 objects and lists/,
    ],
  ])('with %s cannot', (_, schema, fault) => {
    expect(schemaFault(schema)).toMatch(fault);
  });
});

describe('a value', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { kind: { enum: ['a', 'b'] }, count: { type: 'integer' } },
    required: ['kind'],
    additionalProperties: false,
  };

  it.each<[JsonValue, string[]]>([
    [{ kind: 'a', count: 1 }, []],
    [{}, ["The value must have required property 'kind'."]],
    [{ kind: 'c', count: 'x' }, ['kind must be one of ["a","b"].', 'count must be integer.']],
    [{ kind: 'a', more: 1 }, ['The value must not have more.']],
  ])('%j', (value, problems) => {
    expect(schemaProblems(schema, value)).toEqual(problems);
  });

  it.each<[string, JsonSchema, JsonValue]>([
    ['a pattern that never ends', { type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
    [
      'a reference that leads back to itself',
      { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' },
      1,
    ],
  ])('meets %s, and is told so', (_, endless, value) => {
    expect(schemaProblems(endless, value)).toEqual(['The value cannot be checked by this schema.']);
  });
});
