import { operationFromDocument, type Schema, Supergraph } from '@apollo/federation-internals';
import { buildOperationContext, type executeQueryPlan } from '@apollo/gateway';
import { type FetchNode, type PlanNode, type QueryPlan, QueryPlanner } from '@apollo/query-planner';
import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, print, validate } from 'graphql';
import { LRUCache } from 'lru-cache';
import { isForwardable } from './forwardable.ts';
import { badOperation } from './refusal.ts';

/** A subscription's operation, planned against one generation of the schema. */
export interface SubscriptionPlan {
  generation: SchemaGeneration;
  /** The operation to subscribe to, and at which subgraph. */
  primary: FetchNode;
  /** What to run for each event: the primary fetch, answered with the event, then the joins. */
  perEvent: QueryPlan;
  /** Every fetch of the plan, the primary one first. */
  fetches: FetchNode[];
  /** True when an event's data is the client's answer as it stands. */
  forwardable: boolean;
  operationContext: Parameters<typeof executeQueryPlan>[3];
  document: DocumentNode;
}

export interface SchemaGenerationOptions {
  apiSchema: GraphQLSchema;
  coreSupergraphSdl: string;
  /** How many plans are kept. */
  maxPlans: number;
}

interface Planning {
  supergraph: Supergraph;
  planner: QueryPlanner;
  /** The schemas that `executeQueryPlan` wants. */
  plannerApiSchema: Schema;
  supergraphSchema: GraphQLSchema;
}

/** Of the last supergraphs: one that is loaded again, or by another gateway of this process, is not read again. */
const plannings = new LRUCache<string, Planning>({ max: 2 });

function planningOf(sdl: string): Planning {
  const known = plannings.get(sdl);
  if (known) return known;
  // The gateway has validated this very text.
  const supergraph = Supergraph.build(sdl, { validateSupergraph: false });
  const planning = {
    supergraph,
    planner: new QueryPlanner(supergraph),
    plannerApiSchema: supergraph.apiSchema(),
    supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
  };
  plannings.set(sdl, planning);
  return planning;
}

/** The supergraph as it was between two loads, with the plans made against it. */
export class SchemaGeneration {
  /** The schema that clients see. */
  readonly apiSchema: GraphQLSchema;
  readonly #sdl: string;
  readonly #plans: LRUCache<string, SubscriptionPlan>;
  readonly #subgraphSchemas = new Map<string, GraphQLSchema | undefined>();
  readonly #served = new Map<string, boolean>();
  #planning: Planning | undefined;

  constructor({ apiSchema, coreSupergraphSdl, maxPlans }: SchemaGenerationOptions) {
    this.apiSchema = apiSchema;
    this.#sdl = coreSupergraphSdl;
    this.#plans = new LRUCache({ max: maxPlans });
  }

  /**
   * What planning needs. It is made at its first use, for it costs about what loading the gateway costs, and a start
   * should not wait for it.
   */
  get planning(): Planning {
    this.#planning ??= planningOf(this.#sdl);
    return this.#planning;
  }

  /** The plan of a subscription; throws `BAD_USER_INPUT` when the operation does not fit the schema. */
  plan(document: DocumentNode, operationName: string | undefined): SubscriptionPlan {
    const key = JSON.stringify([operationName, print(document)]);
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = this.#build(document, operationName);
    this.#plans.set(key, plan);
    return plan;
  }

  /** Whether the subgraph that `fetch` goes to is there and understands it. */
  serves(fetch: FetchNode): boolean {
    const key = `${fetch.serviceName} ${fetch.operation}`;
    const known = this.#served.get(key);
    if (known !== undefined) return known;
    const schema = this.#subgraphSchema(fetch.serviceName);
    const serves = schema !== undefined && validate(schema, parse(fetch.operation)).length === 0;
    this.#served.set(key, serves);
    return serves;
  }

  #build(document: DocumentNode, operationName: string | undefined): SubscriptionPlan {
    const { node } = this.#queryPlan(document, operationName);
    if (node?.kind !== 'Subscription')
      throw badOperation('A subscription must select a field that can be subscribed to.');
    const { primary, rest } = node;
    const operationContext = buildOperationContext({
      schema: this.apiSchema,
      operationDocument: document,
      ...(operationName !== undefined && { operationName }),
    });
    return {
      generation: this,
      primary,
      perEvent: { kind: 'QueryPlan', node: { kind: 'Sequence', nodes: rest ? [primary, rest] : [primary] } },
      fetches: [primary, ...fetchesIn(rest)],
      forwardable:
        !rest &&
        isForwardable({
          primary,
          operationContext,
          apiSchema: this.apiSchema,
          supergraphSchema: this.planning.supergraphSchema,
        }),
      operationContext,
      document,
    };
  }

  #queryPlan(document: DocumentNode, operationName: string | undefined): QueryPlan {
    const { planner, plannerApiSchema } = this.planning;
    try {
      const operation = operationFromDocument(
        plannerApiSchema,
        document,
        operationName === undefined ? {} : { operationName },
      );
      return planner.buildQueryPlan(operation);
    } catch (error) {
      // The planner speaks of the client's document in a GraphQLError, of its own faults in any other.
      if (error instanceof GraphQLError) throw badOperation(error.message, error);
      throw error;
    }
  }

  #subgraphSchema(name: string): GraphQLSchema | undefined {
    if (!this.#subgraphSchemas.has(name)) {
      this.#subgraphSchemas.set(name, this.planning.supergraph.subgraphs().get(name)?.schema.toGraphQLJSSchema());
    }
    return this.#subgraphSchemas.get(name);
  }
}

function fetchesIn(node: PlanNode | undefined): FetchNode[] {
  switch (node?.kind) {
    case 'Fetch':
      return [node];
    case 'Flatten':
      return fetchesIn(node.node);
    case 'Sequence':
    case 'Parallel':
      return node.nodes.flatMap(fetchesIn);
    case 'Condition':
      return [...fetchesIn(node.ifClause), ...fetchesIn(node.elseClause)];
    default:
      // `@defer` is not planned, so a Defer node cannot occur.
      return [];
  }
}
