import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { RequestContext } from '#core/request-context';
import { SubgraphExecutor } from './executor.ts';

const envelope = { requestId: 'r', viewer: null, client: { ip: null, userAgent: null }, idempotencyKey: null };

describe('a subscription in this process', () => {
  it('gives every event a context of its own, so that loaders do not serve old data', async () => {
    const contexts = new Set<RequestContext>();
    const field = {
      type: GraphQLString,
      subscribe: async function* () {
        yield { tick: 'one' };
        yield { tick: 'two' };
      },
      resolve: (event: { tick: string }, _args: unknown, context: RequestContext) => {
        contexts.add(context);
        return event.tick;
      },
    };
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({ name: 'Query', fields: { ok: { type: GraphQLString } } }),
      subscription: new GraphQLObjectType({ name: 'Subscription', fields: { tick: field } }),
    });
    const executor = new SubgraphExecutor('toy', schema, pino({ level: 'silent' }));
    const stream = await executor.subscribe({ query: 'subscription { tick }', envelope });
    if (!(Symbol.asyncIterator in stream)) throw new Error('refused');
    const seen = [];
    for await (const { data } of stream) seen.push(data?.tick);
    expect(seen).toEqual(['one', 'two']);
    expect(contexts.size).toBe(2);
    expect(new Set([...contexts].map((context) => context.cache)).size).toBe(2);
  });

  it('answers with the errors of an operation that the schema does not know, each time', async () => {
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({ name: 'Query', fields: { ok: { type: GraphQLString } } }),
    });
    const executor = new SubgraphExecutor('toy', schema, pino({ level: 'silent' }));
    for (let time = 0; time < 2; time += 1) {
      const answer = await executor.execute({ query: '{ tocks }', envelope });
      expect(answer.errors?.[0]?.message).toContain('Cannot query field "tocks"');
    }
  });
});
