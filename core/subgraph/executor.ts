import { createHash } from 'node:crypto';
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Logger } from '#core/log';
import { maskError } from '#core/mask';
import { type RequestContext, runInRequest } from '#core/request-context';
import { failSpan, inSpan, untraced } from '#core/telemetry/span';
import type { SubgraphOperation } from './operation.ts';

type Prepared = { document: DocumentNode; mutates: boolean } | { errors: readonly GraphQLError[] };

/**
 * How much text of distinct documents is kept ready, in characters. Parsed they take some fifty times as much, and what
 * clients write in theirs, such as aliases and values, goes into those of the gateway.
 */
const CACHED_CHARACTERS = 2 * 1024 * 1024;

/** Runs operations on one subgraph's schema in this process. Errors leave it masked and logged. */
export class SubgraphExecutor {
  private readonly documents = new LRUCache<string, Prepared>({
    maxSize: CACHED_CHARACTERS,
    sizeCalculation: (_, query) => query.length + 1,
  });

  constructor(
    /** Of the subgraph. */
    private readonly name: string,
    readonly schema: GraphQLSchema,
    private readonly log: Logger,
  ) {}

  async execute(operation: SubgraphOperation): Promise<ExecutionResult> {
    const prepared = this.prepare(operation.query);
    if ('errors' in prepared) return { errors: prepared.errors };
    const context = this.createContext(operation, prepared.mutates);
    return inSpan(`subgraph ${this.name}`, { attributes: { 'parley.subgraph': this.name } }, async (span) => {
      const result = await runInRequest(context, async () =>
        execute({
          schema: this.schema,
          document: prepared.document,
          contextValue: context,
          variableValues: operation.variables ?? {},
          operationName: operation.operationName ?? null,
        }),
      );
      const answer = this.mask(result, operation);
      if (answer.errors?.[0]) failSpan(span, answer.errors[0]);
      return answer;
    });
  }

  /** The source events of a subscription, each executed with a context of its own, so that no loader outlives one. */
  async subscribe(operation: SubgraphOperation): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const prepared = this.prepare(operation.query);
    if ('errors' in prepared) return { errors: prepared.errors };
    const shared = {
      schema: this.schema,
      document: prepared.document,
      variableValues: operation.variables ?? {},
      operationName: operation.operationName ?? null,
    };
    const context = this.createContext(operation, false);
    const source = await runInRequest<AsyncIterable<unknown> | ExecutionResult>(context, () =>
      createSourceEventStream({ ...shared, contextValue: context }),
    );
    if (!(Symbol.asyncIterator in source)) return this.mask(source, operation);
    const events = source[Symbol.asyncIterator]();
    const onEvent = async (event: unknown): Promise<ExecutionResult> => {
      const eventContext = this.createContext(operation, false);
      const result = await untraced(() =>
        runInRequest(eventContext, async () => execute({ ...shared, contextValue: eventContext, rootValue: event })),
      );
      return this.mask(result, operation);
    };
    const results: AsyncIterableIterator<ExecutionResult> = {
      async next() {
        const step = await events.next();
        return step.done ? { value: undefined, done: true } : { value: await onEvent(step.value), done: false };
      },
      async return() {
        await events.return?.();
        return { value: undefined, done: true };
      },
      async throw(error) {
        await events.return?.();
        throw error;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    return results;
  }

  private prepare(query: string): Prepared {
    const known = this.documents.get(query);
    if (known) return known;
    const prepared = this.parseAndValidate(query);
    this.documents.set(query, prepared);
    return prepared;
  }

  private parseAndValidate(query: string): Prepared {
    try {
      const document = parse(query);
      const errors = validate(this.schema, document);
      if (errors.length > 0) return { errors: errors.map((error) => maskError(error, this.log, '')) };
      const mutates = document.definitions.some(
        (definition) => definition.kind === 'OperationDefinition' && definition.operation === 'mutation',
      );
      return { document, mutates };
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { errors: [maskError(error, this.log, '')] };
    }
  }

  private createContext({ query, variables, envelope }: SubgraphOperation, mutates: boolean): RequestContext {
    const { requestId, viewer, client, idempotencyKey } = envelope;
    const idempotency =
      mutates && idempotencyKey
        ? { requestKey: idempotencyKey, operation: digest(query, variables), transactions: 0 }
        : null;
    const log = this.log.child({ requestId, ...(viewer && { orgId: viewer.orgId, userId: viewer.userId }) });
    return { requestId, viewer, client, idempotency, log, cache: new Map() };
  }

  private mask(result: ExecutionResult, { envelope }: SubgraphOperation): ExecutionResult {
    if (!result.errors) return result;
    return { ...result, errors: result.errors.map((error) => maskError(error, this.log, envelope.requestId)) };
  }
}

const digest = (query: string, variables: unknown): string =>
  createHash('sha256')
    .update(query)
    .update('\0')
    .update(JSON.stringify(variables ?? {}))
    .digest('base64url');
