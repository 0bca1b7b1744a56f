import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { unavailable } from '#core/error';
import type { SubgraphSubscriber } from './subgraph-subscriber.ts';

export interface LocalSubscriberOptions<C extends object> {
  /** The executable schema of a subgraph that lives in this process. */
  schemaOf: (subgraph: string) => GraphQLSchema | undefined;
  /**
   * The context for a subgraph's resolvers: called once to open the stream and once for each event, so that loaders do
   * not serve one event with what they cached for an earlier one.
   */
  contextFor: (subgraph: string, context: C) => object | Promise<object>;
  /** How many documents are kept parsed and validated, for each schema. Default 1000. */
  maxDocuments?: number;
}

type Prepared = { document: DocumentNode } | { errors: readonly GraphQLError[] };

/** Subscribes at the executable schemas of this process, without a network in between. */
export function localSubscriber<C extends object>(options: LocalSubscriberOptions<C>): SubgraphSubscriber<C> {
  const { schemaOf, contextFor, maxDocuments = 1000 } = options;
  const caches = new WeakMap<GraphQLSchema, LRUCache<string, Prepared>>();

  function prepare(schema: GraphQLSchema, query: string): Prepared {
    const cache = caches.get(schema) ?? new LRUCache<string, Prepared>({ max: maxDocuments });
    caches.set(schema, cache);
    const known = cache.get(query);
    if (known) return known;
    const document = parse(query);
    const errors = validate(schema, document);
    const prepared = errors.length > 0 ? { errors } : { document };
    cache.set(query, prepared);
    return prepared;
  }

  return async ({ subgraph, query, variables, operationName, context }) => {
    const schema = schemaOf(subgraph);
    if (!schema) throw unavailable('A part of the API is not running here.');
    const prepared = prepare(schema, query);
    if ('errors' in prepared) return prepared;
    const args = async () => ({
      schema,
      document: prepared.document,
      variableValues: variables,
      operationName,
      contextValue: await contextFor(subgraph, context),
    });
    const source = await createSourceEventStream(await args());
    if (!isAsyncIterable(source)) return source;
    return executed(source, async (rootValue) => execute({ ...(await args()), rootValue }));
  };
}

/** By hand, so that `return()` reaches the source while `next()` waits. */
function executed(
  source: AsyncIterable<unknown>,
  run: (event: unknown) => Promise<ExecutionResult>,
): AsyncIterator<ExecutionResult> {
  const events = source[Symbol.asyncIterator]();
  return {
    async next() {
      const event = await events.next();
      if (event.done) return { value: undefined, done: true };
      return { value: await run(event.value), done: false };
    },
    async return() {
      await events.return?.();
      return { value: undefined, done: true };
    },
  };
}

const isAsyncIterable = (value: object): value is AsyncIterable<unknown> => Symbol.asyncIterator in value;
