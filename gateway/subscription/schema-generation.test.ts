import { Supergraph } from '@apollo/federation-internals';
import { buildSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { SchemaGeneration } from './schema-generation.ts';
import { compose, SDL } from './toy-gateway.fixture.ts';

function generation(sdl = SDL, maxPlans = 2): SchemaGeneration {
  const coreSupergraphSdl = compose(sdl);
  const apiSchema = Supergraph.build(coreSupergraphSdl).apiSchema().toGraphQLJSSchema();
  return new SchemaGeneration({ apiSchema, coreSupergraphSdl, maxPlans });
}

describe('plans', () => {
  it.each([
    ['subscription { ticks { n again { m: n } } }', true],
    ['subscription { ticks { n n } }', true],
    ['subscription ($e: Int! = 2) { t: ticks(every: $e) { payload n @include(if: true) } }', true],
    ['subscription { roomEvents(roomId: "r1") { __typename cursor ... on Delta { text } } }', true],
    ['subscription { roomEvents(roomId: "r1") { __typename ...D } } fragment D on Delta { text cursor }', true],
    // The planner asks for the type's name, which the client did not.
    ['subscription { roomEvents(roomId: "r1") { cursor } }', false],
    // A joined field needs its key.
    ['subscription { ticks { owner { name } } }', false],
    ['subscription { ticks { owner { id } } }', true],
    // Members of these types are hidden from clients.
    ['subscription { audits { __typename id } }', false],
    ['subscription { audits { __typename ... on OpenAudit { level } } }', false],
    // The spelling differs too much to be sure.
    ['subscription { ticks { again { n } again { payload } } }', false],
  ])('of %s: forwards events untouched: %s', (query, forwardable) => {
    expect(generation().plan(parse(query), undefined).forwardable).toBe(forwardable);
  });

  it('are kept, the latest used ones, by document and operation name', () => {
    const schema = generation();
    const document = parse('subscription A { ticks { n } } subscription B { ticks { again { n } } }');
    const [first, second] = [schema.plan(document, 'A'), schema.plan(document, 'B')];
    expect(first.primary.operation).not.toBe(second.primary.operation);
    expect(schema.plan(parse('subscription A { ticks { n } } subscription B { ticks { again { n } } }'), 'A')).toBe(
      first,
    );
    schema.plan(parse('subscription { ticks { payload } }'), undefined);
    expect(schema.plan(document, 'A')).toBe(first);
    expect(schema.plan(document, 'B')).not.toBe(second);
  });

  it('are served as long as each subgraph is there and knows the fields', () => {
    const plan = generation().plan(parse('subscription { ticks { owner { nick rank } } }'), undefined);
    const served = (sdl: Record<string, string>) => {
      const schema = generation(sdl);
      return Object.fromEntries(plan.fetches.map((fetch) => [fetch.serviceName, schema.serves(fetch)]));
    };
    expect(plan.fetches[0]?.serviceName).toBe('rooms');
    expect(served(SDL)).toEqual({ rooms: true, people: true, scores: true });
    const { scores: _, ...others } = SDL;
    const withoutNick = SDL.people?.replace('nick: String', '') ?? '';
    expect(served({ ...others, people: withoutNick })).toEqual({ rooms: true, people: false, scores: false });
  });

  it('are not made before they are asked for', () => {
    const schema = new SchemaGeneration({
      apiSchema: buildSchema('type Query { a: Int }'),
      coreSupergraphSdl: 'not a schema',
      maxPlans: 1,
    });
    expect(() => schema.plan(parse('subscription { ticks { n } }'), undefined)).toThrow();
  });
});
