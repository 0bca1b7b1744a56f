import type { GraphQLDataSource } from '@apollo/gateway';
import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
} from 'graphql';
import { ParleyError, unavailable } from '#core/error';
import { EventJoin } from './event-join.ts';
import { asGraphQLError } from './graphql-error.ts';
import { unlessAborted } from './opening.ts';
import { OrderedStream, type OrderedStreamOptions } from './ordered-stream.ts';
import { badOperation } from './refusal.ts';
import { checkRootField } from './root-field.ts';
import { SchemaGeneration, type SubscriptionPlan } from './schema-generation.ts';
import { streamLost } from './stream-loss.ts';
import { isStream, type SubgraphSubscriber } from './subgraph-subscriber.ts';
import { checkVariables } from './variable.ts';

export interface SubscriptionExecutorOptions<C extends object> {
  /** Opens the subscription's own operation at its subgraph. */
  subscribeAt: SubgraphSubscriber<C>;
  /** The gateway's data source of a subgraph, for the joins; undefined when there is none. */
  fetchFrom: (subgraph: string) => GraphQLDataSource | undefined;
  /** What the client is shown of an error. Called for every error that leaves, so that nothing internal does. */
  formatError: (error: GraphQLError, context: C) => GraphQLError;
  /** How many events of one subscription are joined at a time; their order is kept. Default 8. */
  window?: number;
  /** How many events a transport that cannot be paused may hold for a slow client before the stream ends. Default 1000. */
  maxQueued?: number;
  /** How long one fetch of a join may take, in milliseconds, before its fields are given up. Default 10 000. */
  joinTimeoutMs?: number;
  /** How many query plans are kept for one schema. Default 1000. */
  maxPlans?: number;
}

/** One client's subscription. Limits and validation have been applied to `document` by the caller. */
export interface SubscriptionRequest<C extends object> {
  document: DocumentNode;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
  /** Handed to the subscriber, to the data sources and to `formatError`. */
  context: C;
  /** Ends the stream, as its `return()` does. One signal for each subscription: a shared one collects listeners. */
  signal?: AbortSignal | undefined;
}

type AnswerStream = OrderedStream<ExecutionResult, ExecutionResult>;
type AnswerStreamOptions = OrderedStreamOptions<ExecutionResult, ExecutionResult>;

/** Runs subscriptions over the whole graph: events from one subgraph, joined with fields of the others. */
export class SubscriptionExecutor<C extends object> {
  readonly #options: Required<SubscriptionExecutorOptions<C>>;
  readonly #running = new Map<AnswerStream, SubscriptionPlan>();
  #generation: SchemaGeneration | undefined;
  #supergraphSdl: string | undefined;

  constructor(options: SubscriptionExecutorOptions<C>) {
    this.#options = { window: 8, maxQueued: 1000, joinTimeoutMs: 10_000, maxPlans: 1000, ...options };
  }

  /**
   * Takes a new schema; to be called from `gateway.onSchemaLoadOrUpdate`. Running subscriptions keep their plan while
   * the subgraphs still understand it, and end with `UNAVAILABLE` and `resumable: true` when they do not.
   */
  update({ apiSchema, coreSupergraphSdl }: { apiSchema: GraphQLSchema; coreSupergraphSdl: string }): void {
    if (coreSupergraphSdl === this.#supergraphSdl) return;
    const generation = new SchemaGeneration({ apiSchema, coreSupergraphSdl, maxPlans: this.#options.maxPlans });
    this.#generation = generation;
    this.#supergraphSdl = coreSupergraphSdl;
    for (const [stream, plan] of this.#running) endUnlessServed(stream, plan, generation);
  }

  /** Makes what the first subscription to a new schema would otherwise wait for. */
  warmUp(): void {
    void this.#generation?.planning;
  }

  /** How many subscriptions are open: for metrics and for a clean shutdown. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Opens a subscription: a stream of answers, or one answer whose `errors` say why there is none. Never throws.
   * The stream's `next()` rejects, with a formatted error, when the stream breaks before its subgraph is done.
   * Answers may share their `data` with other subscriptions and are to be read only.
   */
  async subscribe(request: SubscriptionRequest<C>): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    try {
      return await this.#open(request);
    } catch (error) {
      return { errors: [this.#format(error, request.context)] };
    }
  }

  async #open({
    document,
    context,
    signal,
    ...request
  }: SubscriptionRequest<C>): Promise<AnswerStream | ExecutionResult> {
    const variables = request.variables ?? {};
    const operationName = request.operationName ?? undefined;
    const plan = this.#plan(document, operationName, variables);
    const opening = this.#options.subscribeAt({
      subgraph: plan.primary.serviceName,
      query: plan.primary.operation,
      operationName: plan.primary.operationName,
      variables: pick(variables, plan.primary.variableUsages),
      context,
      maxQueued: this.#options.maxQueued,
    });
    const answer = await unlessAborted(opening, signal);
    if (!isStream(answer)) {
      const errors = answer.errors ?? [streamLost('A part of the API did not open the stream.')];
      return { errors: errors.map((error) => this.#format(error, context)) };
    }

    const join = new EventJoin({ ...this.#options, plan, variables, operationName, context });
    return this.#run(plan, signal, {
      source: answer,
      work: async (event, left) => {
        const shaped = await join.answer(event, left);
        if (!left.aborted && isLostToOutage(shaped)) {
          throw streamLost('A part of the API is away, and an event cannot be shown without it. Subscribe again.');
        }
        // An event that nobody reads any more is not worth a line in the log.
        return left.aborted ? shaped : this.#shown(shaped, context);
      },
      describe: (error) => this.#format(error, context),
    });
  }

  #plan(
    document: DocumentNode,
    operationName: string | undefined,
    variables: Record<string, unknown>,
  ): SubscriptionPlan {
    if (!this.#generation) throw unavailable('The API is still starting: try again in a moment.');
    const operation = getOperationAST(document, operationName);
    if (!operation) throw badOperation('The document has no such operation, or several and no name to choose by.');
    if (operation.operation !== OperationTypeNode.SUBSCRIPTION) throw badOperation('This is not a subscription.');
    checkRootField(document, operation);
    const plan = this.#generation.plan(document, operationName);
    checkVariables(this.#generation.apiSchema, operation, variables);
    return plan;
  }

  #run(
    plan: SubscriptionPlan,
    signal: AbortSignal | undefined,
    options: Pick<AnswerStreamOptions, 'source' | 'work' | 'describe'>,
  ): AnswerStream {
    const leave = () => void stream.return();
    const stream: AnswerStream = new OrderedStream({
      ...options,
      window: this.#options.window,
      onEnd: () => {
        this.#running.delete(stream);
        signal?.removeEventListener('abort', leave);
      },
    });
    this.#running.set(stream, plan);
    signal?.addEventListener('abort', leave);
    if (signal?.aborted) leave();
    // The schema may have been reloaded while the subgraph was opening the subscription.
    if (this.#generation) endUnlessServed(stream, plan, this.#generation);
    return stream;
  }

  #shown(answer: ExecutionResult, context: C): ExecutionResult {
    if (!answer.errors) return answer;
    return { ...answer, errors: answer.errors.map((error) => this.#format(error, context)) };
  }

  #format(error: unknown, context: C): GraphQLError {
    try {
      return this.#options.formatError(asGraphQLError(error), context);
    } catch (fault) {
      return new ParleyError('INTERNAL', 'Something went wrong.', { cause: fault });
    }
  }
}

/** Ends a running subscription whose plan was understood before `generation` and is not any more. */
function endUnlessServed(stream: AnswerStream, plan: SubscriptionPlan, generation: SchemaGeneration): void {
  if (generation === plan.generation) return;
  const lost = plan.fetches.some((fetch) => plan.generation.serves(fetch) && !generation.serves(fetch));
  if (lost) stream.fail(streamLost('The API has changed and cannot go on with this stream. Subscribe again.'));
}

/**
 * Whether nothing is left of an event because a part of the API is away. To go on would leave a hole that the client does
 * not see: it has no cursor of this event. An event that fails for any other reason would fail again, and is passed on.
 */
function isLostToOutage({ data, errors }: ExecutionResult): boolean {
  if (!errors?.some((error) => error.extensions?.code === 'UNAVAILABLE')) return false;
  return data == null || Object.values(data).every((field) => field === null);
}

function pick(variables: Record<string, unknown>, names: readonly string[] = []): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(variables, name)).map((name) => [name, variables[name]]),
  );
}
