import fc from 'fast-check';
import { type DocumentNode, getOperationAST, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createMeasure } from './document-size.ts';
import { DEFAULT_REQUEST_LIMITS } from './limit-options.ts';
import { operationCost } from './operation-cost.ts';
import { createRequestLimits } from './request-limits.ts';
import { toySchema as schema } from './toy-room.fixture.ts';

const operationOf = (document: DocumentNode) => {
  const operation = getOperationAST(document);
  if (!operation) throw new Error('The document has no operation.');
  return operation;
};

const costOf = (source: string, variables: Record<string, unknown> = {}) => {
  const document = parse(source);
  return operationCost(schema, document, operationOf(document), variables, DEFAULT_REQUEST_LIMITS).cost;
};

describe('the cost of an operation', () => {
  test.each<[number, string, Record<string, unknown>?]>([
    [1, '{ version }'],
    [2, '{ room(id: 1) { id } }'],
    // tags is a list of leaves: one field.
    [2, '{ room(id: 1) { tags } }'],
    // 1 + 1 + 5 assumed participants
    [7, '{ room(id: 1) { participants { __typename } } }'],
    // both alternatives of a union count: 1 + 1 + 5 * (1 + 2)
    [17, '{ room(id: 1) { participants { ... on User { name } ... on Agent { name model } } } }'],
    // 1 + (1 + 10 * 1): the page is as long as `first` says
    [12, '{ rooms(first: 10) { nodes { id } } }'],
    [12, 'query ($n: Int) { rooms(first: $n) { nodes { id } } }', { n: 10 }],
    [12, 'query ($n: Int = 10) { rooms(first: $n) { nodes { id } } }'],
    // the default of the argument
    [22, '{ rooms { nodes { id } } }'],
    [22, '{ rooms(first: null) { nodes { id } } }'],
    // no default: the assumed page
    [23, '{ room(id: 1) { messages { nodes { id } } } }'],
    // only the lists are multiplied, not what stands beside them
    [14, '{ rooms(first: 10) { pageInfo { hasNextPage } edges { cursor } } }'],
    // the field itself is the list
    [8, '{ recent(last: 7) { id } }'],
    // an empty page is still looked for
    [2, '{ recent(last: 0) { id } }'],
    // nested pages: 1 + 1 + 10 * (1 + 1 + 10 * 1)
    [122, '{ rooms(first: 10) { nodes { messages(last: 10) { nodes { id } } } } }'],
    [1, 'query ($yes: Boolean!) { version room(id: 1) @skip(if: $yes) { id } }', { yes: true }],
    [3, 'query ($yes: Boolean!) { version room(id: 1) @skip(if: $yes) { id } }', { yes: false }],
    [1, '{ version ... @include(if: false) { room(id: 1) { id } } }'],
    [12, 'mutation { rename(id: 1, title: "x") { id } }'],
    [
      24,
      'mutation { ...m ...n } fragment m on Mutation { a: rename(id: 1, title: "x") { id } } fragment n on Mutation { b: rename(id: 1, title: "x") { id } }',
    ],
    [1_000, '{ __schema { types { name } } }'],
    [2_001, '{ version __schema { types { name } } __type(name: "Room") { name } }'],
    [1, '{ __typename }'],
  ])('is %i for %s', (cost, source, variables) => {
    expect(validate(schema, parse(source))).toEqual([]);
    expect(costOf(source, variables)).toBe(cost);
  });
});

/** Selections on a room, nested at most three rooms deep; sizes are literals so that every page counts. */
const roomSelection = fc.letrec<{ room: string; selection: string }>((tie) => ({
  room: fc.array(tie('selection'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' ')),
  selection: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'room' },
    fc.constantFrom('id', 'title', 'tags', 'participants { ... on User { name } }'),
    fc
      .record({ size: fc.integer({ min: 0, max: 100 }), room: tie('room'), key: fc.constantFrom('first', 'last') })
      .map(({ size, room, key }) => `m${key}${size}: messages(${key}: ${size}) { nodes { room { ${room} } } }`),
  ),
}));

const inRoom = (selection: string) => `{ room(id: 1) { ${selection} } }`;

/** The same selection behind fragments: inline, named, or named in one another. */
const wrappings: ((selection: string) => string)[] = [
  (selection) => `{ room(id: 1) { ... { ${selection} } } }`,
  (selection) => `{ room(id: 1) { ... on Node { ... on Room { ${selection} } } } }`,
  (selection) => `{ room(id: 1) { ...a } } fragment a on Room { ${selection} }`,
  (selection) => `{ room(id: 1) { ...b } } fragment a on Room { ${selection} } fragment b on Room { ... { ...a } }`,
  (selection) => `{ ...q } fragment q on Query { room(id: 1) { ...a } } fragment a on Room { ${selection} }`,
  (selection) =>
    `query ($yes: Boolean = true) { room(id: 1) { ...a @include(if: $yes) } } fragment a on Room { ${selection} }`,
];

describe('for any operation', () => {
  test('more fields, longer pages and another spread never cost less', () => {
    fc.assert(
      fc.property(roomSelection.room, roomSelection.room, fc.integer({ min: 0, max: 500 }), (some, more, size) => {
        const cost = costOf(inRoom(some));
        expect(costOf(inRoom(`${some} ${more}`))).toBeGreaterThan(cost);
        expect(costOf(`{ room(id: 1) { ...a ...a } } fragment a on Room { ${some} }`)).toBeGreaterThan(cost);
        const page = (first: number) => `{ rooms(first: ${first}) { nodes { ${some} } } }`;
        expect(costOf(page(size + 1))).toBeGreaterThanOrEqual(costOf(page(size)));
        const byVariable = 'query ($n: Int) { rooms(first: $n) { nodes { ...a } } } fragment a on Room { ';
        expect(costOf(`${byVariable}${some} }`, { n: size })).toBe(costOf(page(size)));
      }),
    );
  });

  test('fragments hide nothing: each figure stays what it is without them', () => {
    fc.assert(
      fc.property(roomSelection.room, fc.constantFrom(...wrappings), (selection, wrap) => {
        const plain = parse(inRoom(selection));
        const wrapped = parse(wrap(selection));
        const { directives: _, directivesPerNode: __, ...expected } = createMeasure(plain)(operationOf(plain));
        expect(createMeasure(wrapped)(operationOf(wrapped))).toMatchObject(expected);
        expect(costOf(wrap(selection))).toBe(costOf(inRoom(selection)));
      }),
    );
  });

  test('what is refused plain is refused in fragments', () => {
    const limits = createRequestLimits({ depth: 8, fields: 12, aliases: 2, cost: 60 });
    let refused = 0;
    fc.assert(
      fc.property(roomSelection.room, fc.constantFrom(...wrappings), (selection, wrap) => {
        if (!limits.check({ schema, source: inRoom(selection) }).errors) return;
        refused += 1;
        expect(limits.check({ schema, source: wrap(selection) }).errors).toBeDefined();
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(20);
  });
});
