import { buildSchema, type GraphQLError, getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { LimitName } from './limit-error.ts';
import { createRequestLimits, type LimitedRequest } from './request-limits.ts';
import { toySchema as schema } from './toy-room.fixture.ts';

const limits = createRequestLimits();

type Options = Omit<LimitedRequest, 'schema'>;

const errorsOf = (source: string, options: Options = {}): readonly GraphQLError[] =>
  limits.check({ schema, source, ...options }).errors ?? [];

const brokenBy = (source: string, options: Options = {}) =>
  errorsOf(source, options).map((error) => error.extensions.limit as { name: LimitName; max: number; found: number });

const repeat = (count: number, each: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => each(i)).join(' ');
const nested = (levels: number): string =>
  levels === 0 ? 'id' : `messages(first: 1) { nodes { room { ${nested(levels - 1)} } } }`;

describe('what passes', () => {
  test.each([
    ['the standard introspection query', getIntrospectionQuery()],
    [
      'an explorer’s introspection query',
      getIntrospectionQuery({
        descriptions: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
    ],
    [
      'a page with a nested page',
      '{ rooms(first: 50) { nodes { id title messages(last: 10) { nodes { id text } } } } }',
    ],
    ['a mutation', 'mutation { rename(id: 1, title: "x") { id title } }'],
    ['a subscription', 'subscription { roomEvents(id: 1) { id text author { ... on User { name } } } }'],
  ])('%s', (_, source) => {
    expect(errorsOf(source)).toEqual([]);
  });
});

describe('what is refused, and the limit that the answer names', () => {
  const table: [LimitName, string, Options?][] = [
    ['sourceBytes', `{ version #${'é'.repeat(40_000)}\n}`],
    ['tokens', `{ ${repeat(2_000, () => 'version')} }`],
    ['depth', `{ room(id: 1) { ${nested(5)} } }`],
    ['fields', `{ ${repeat(700, () => 'version')} }`],
    ['aliases', `{ room(id: 1) { ${repeat(31, (i) => `a${i}: id`)} } }`],
    ['directives', `{ room(id: 1) { ${repeat(51, () => 'id @include(if: true)')} } }`],
    ['rootFields', `{ ${repeat(21, () => 'version')} }`],
    ['cost', '{ rooms(first: 101) { nodes { messages(first: 100) { nodes { id } } } } }'],
    ['introspectionRoots', `{ ${repeat(5, (i) => `a${i}: __schema { queryType { name } }`)} }`],
    [
      'introspectionDepth',
      `{ __type(name: "Room") { ${repeat(16, () => 'ofType {')} name ${repeat(16, () => '}')} } }`,
    ],
    ['introspectionFields', `{ __type(name: "Room") { ${repeat(400, () => 'name')} } }`],
    ['introspectionLists', '{ __schema { types { fields { type { fields { name } } } } } }'],
    ['introspectionLists', '{ __type(name: "Node") { possibleTypes { interfaces { possibleTypes { name } } } } }'],
    ['variableBytes', 'query ($id: ID!) { room(id: $id) { id } }', { variables: { id: 'x'.repeat(600_000) } }],
    [
      'variableDepth',
      'query ($id: ID!) { room(id: $id) { id } }',
      { variables: { id: JSON.parse('['.repeat(40) + ']'.repeat(40)) } },
    ],
  ];
  test.each(table)('%s: %s', (name, source, options) => {
    const refused = brokenBy(source, options);
    expect(refused.map((limit) => limit.name)).toContain(name);
    for (const { max, found } of refused) expect(found).toBeGreaterThan(max);
    for (const error of errorsOf(source, options)) expect(error.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('directives in one place, each of them allowed there', () => {
    const repeatable = buildSchema('directive @note repeatable on FIELD\n type Query { version: String }');
    const source = `{ version ${repeat(5, () => '@note')} }`;
    const [error] = limits.check({ schema: repeatable, source }).errors ?? [];
    expect(error?.extensions.limit).toEqual({ name: 'directivesPerNode', max: 4, found: 5 });
  });

  test('the sentence says what the limit is and what was found', () => {
    const [error] = errorsOf(`{ room(id: 1) { ${nested(5)} } }`);
    expect(error?.message).toBe('The request has 17 where the limit "depth" allows 15: levels of nested fields.');
    expect(error?.extensions.limit).toEqual({ name: 'depth', max: 15, found: 17 });
  });

  test('a document that is too large is not compared field by field: only the limit is reported', () => {
    const source = `{ ${repeat(650, () => 'unknown')} }`;
    expect(brokenBy(source).map((limit) => limit.name)).toEqual(['fields', 'rootFields']);
  });
});

describe('ways around a limit', () => {
  test('every operation of a document has to pass, not only the one that runs', () => {
    const source = `query Small { version } query Big { ${repeat(21, () => 'version')} }`;
    expect(brokenBy(source, { operationName: 'Small' })[0]?.name).toBe('rootFields');
  });

  test('the cost is that of the operation that runs', () => {
    const source = 'query Small { version } query Big($n: Int) { rooms(first: $n) { nodes { id } } }';
    const variables = { n: 1_000_000 };
    expect(errorsOf(source, { operationName: 'Small', variables })).toEqual([]);
    expect(brokenBy(source, { operationName: 'Big', variables })[0]?.name).toBe('cost');
  });

  test('fragments that double one another are measured whole, in no time', () => {
    const doubling = repeat(
      60,
      (i) => `fragment f${i} on Room { ...f${i + 1} messages(first: 1) { nodes { id } } ...f${i + 1} }`,
    );
    const source = `{ room(id: 1) { ...f0 } } ${doubling} fragment f60 on Room { id }`;
    const [limit] = brokenBy(source);
    expect(limit).toEqual({ name: 'fields', max: 600, found: Number.MAX_SAFE_INTEGER });
  });

  test('a fragment that nothing spreads is measured, since validation walks it all the same', () => {
    const source = `{ version } fragment unused on Room { ${repeat(700, () => 'id')} }`;
    expect(brokenBy(source)).toEqual([{ name: 'fields', max: 600, found: 700 }]);
  });

  test('a cycle of fragments is a fault that is reported, alone or in introspection', () => {
    for (const source of [
      '{ room(id: 1) { ...a } } fragment a on Room { id ...b } fragment b on Room { ...a }',
      '{ room(id: 1) { ...a } } fragment a on Room { messages { nodes { room { ...a } } } }',
      '{ __type(name: "Room") { ...a } } fragment a on __Type { ofType { ...a } }',
    ]) {
      const messages = errorsOf(source).map((error) => error.message);
      expect(messages.some((message) => message.startsWith('Cannot spread fragment'))).toBe(true);
    }
  });

  test('introspection through fragments counts as introspection', () => {
    const source = `{ ...q } fragment q on Query { __schema { ...s } } fragment s on __Schema { types { ...t } }
      fragment t on __Type { fields { type { ...u } } } fragment u on __Type { fields { name } }`;
    expect(brokenBy(source).map((limit) => limit.name)).toEqual(['introspectionLists']);
  });

  test('a variable changes the cost of a document that has been remembered', () => {
    const source = 'query ($n: Int = 5) { rooms(first: $n) { nodes { messages(first: $n) { nodes { id } } } } }';
    expect(errorsOf(source)).toEqual([]);
    expect(errorsOf(source, { variables: { n: 10 } })).toEqual([]);
    expect(brokenBy(source, { variables: { n: 100 } })[0]?.name).toBe('cost');
    expect(errorsOf(source, { variables: { n: 10 } })).toEqual([]);
  });
});

describe('documents', () => {
  test('one that passed is parsed once for each schema', () => {
    const source = '{ version }';
    const first = limits.check({ schema, source }).document;
    expect(first).toBeDefined();
    expect(limits.check({ schema, source }).document).toBe(first);
    const other = buildSchema('type Query { version: Int }');
    expect(limits.check({ schema: other, source }).document).not.toBe(first);
  });

  test('one that is valid for one schema is not taken as valid for another', () => {
    const document = parse('{ version }');
    expect(limits.check({ schema, document }).errors).toBeUndefined();
    const other = buildSchema('type Query { release: String }');
    expect(limits.check({ schema: other, document }).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('one that was refused is refused again', () => {
    const source = '{ nothing }';
    expect(errorsOf(source)[0]?.message).toBe('Cannot query field "nothing" on type "Query".');
    expect(errorsOf(source)).toHaveLength(1);
  });

  test('one that cannot be parsed says where', () => {
    const [error] = errorsOf('{ version');
    expect(error?.message).toBe('Syntax Error: Expected Name, found <EOF>.');
    expect(error?.locations).toEqual([{ line: 1, column: 10 }]);
    expect(error?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('an answer lists a few faults of many', () => {
    const errors = errorsOf(`{ room(id: 1) { ${repeat(200, (i) => `unknown${i}`)} } }`);
    expect(errors.length).toBeLessThanOrEqual(21);
  });

  test('limits can be set', () => {
    const tight = createRequestLimits({ depth: 1 });
    expect(tight.check({ schema, source: '{ version }' }).errors).toBeUndefined();
    expect(tight.check({ schema, source: '{ room(id: 1) { id } }' }).errors?.[0]?.extensions.limit).toEqual({
      name: 'depth',
      max: 1,
      found: 2,
    });
  });
});
