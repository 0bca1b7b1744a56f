import { executeQueryPlan, type GraphQLDataSource } from '@apollo/gateway';
import { type ExecutionResult, type GraphQLFormattedError, print } from 'graphql';
import { untraced } from '#core/telemetry/span';
import { cloneResult } from './clone.ts';
import { asGraphQLError } from './graphql-error.ts';
import { joinSource } from './join-source.ts';
import type { SubscriptionPlan } from './schema-generation.ts';

type RequestContext = Parameters<typeof executeQueryPlan>[2];

export interface EventJoinOptions {
  plan: SubscriptionPlan;
  /** As the client sent them. */
  variables: Record<string, unknown>;
  operationName: string | undefined;
  context: object;
  fetchFrom: (subgraph: string) => GraphQLDataSource | undefined;
  joinTimeoutMs: number;
}

/** Makes the client's answer out of each event of one subscription. */
export class EventJoin {
  readonly #options: EventJoinOptions;
  readonly #request: RequestContext;

  constructor(options: EventJoinOptions) {
    this.#options = options;
    this.#request = requestContext(options);
  }

  /** Never throws: what goes wrong is in the answer's `errors`. Leaves `event` as it is. */
  async answer(event: ExecutionResult, signal: AbortSignal): Promise<ExecutionResult> {
    const { plan } = this.#options;
    if (plan.forwardable && event.data && !event.errors?.length) return { data: event.data };
    const { supergraphSchema, plannerApiSchema } = plan.generation.planning;
    try {
      return await untraced(() =>
        executeQueryPlan(
          plan.perEvent,
          this.#serviceMap(event, signal),
          // The executor collects error paths in `metrics`: shared between events they would grow without end.
          { ...this.#request, metrics: {} },
          plan.operationContext,
          supergraphSchema,
          plannerApiSchema,
        ),
      );
    } catch (error) {
      return { data: null, errors: [asGraphQLError(error)] };
    }
  }

  /** The subgraphs of the plan; the primary one answers the primary operation with the event. */
  #serviceMap(event: ExecutionResult, signal: AbortSignal): Record<string, GraphQLDataSource> {
    const { plan, fetchFrom, joinTimeoutMs } = this.#options;
    const sources: Record<string, GraphQLDataSource> = Object.create(null);
    for (const { serviceName } of plan.fetches) {
      sources[serviceName] ??= joinSource({ source: () => fetchFrom(serviceName), timeoutMs: joinTimeoutMs, signal });
    }
    const { primary } = plan;
    const joins = joinSource({ source: () => fetchFrom(primary.serviceName), timeoutMs: joinTimeoutMs, signal });
    sources[primary.serviceName] = {
      process: async (fetch) => {
        if (fetch.request.query !== primary.operation) return joins.process(fetch);
        // Joins are merged into what is returned here, and the event may be shared with other subscribers.
        return {
          data: cloneResult(event.data ?? null),
          ...(event.errors && { errors: [...event.errors] as GraphQLFormattedError[] }),
        };
      },
    };
    return sources;
  }
}

const silent = () => {};

/** The parts of a request that a query plan's execution and a data source read. */
function requestContext({ plan, variables, operationName, context }: EventJoinOptions): RequestContext {
  const source = print(plan.document);
  return {
    request: { query: source, variables, ...(operationName !== undefined && { operationName }) },
    // What goes wrong comes back as an error, which is logged where it is masked.
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    schema: plan.generation.apiSchema,
    schemaHash: '' as RequestContext['schemaHash'],
    context,
    cache: { get: async () => undefined, set: async () => {}, delete: async () => undefined },
    queryHash: '',
    document: plan.document,
    source,
    operationName: operationName ?? null,
    operation: plan.operationContext.operation,
    metrics: {},
    overallCachePolicy: undefined,
  };
}
