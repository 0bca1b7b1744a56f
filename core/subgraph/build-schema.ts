import 'reflect-metadata';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLArgument, type GraphQLSchema, isIntrospectionType, isObjectType, parse } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { allow, deny, type IRules, shield } from 'graphql-shield';
import { buildSchema, createResolversMap, type NonEmptyArray } from 'type-graphql';
import { forbidden } from '#core/error';
import { DateTimeScalar } from '#core/graphql/date-time';
import type { RequestContext } from '#core/request-context';
import { boundLists } from './list-bound.ts';

/** Finds the entity that another subgraph refers to, or null where the viewer may not see it. */
export type ReferenceResolver = (reference: { id: string }, context: RequestContext) => unknown;

export interface SchemaSource {
  /** Instances of type-graphql resolver classes. */
  resolvers: NonEmptyArray<object>;
  /** Types that no field names directly: implementations of interfaces, stubs of entities. */
  orphanedTypes?: object[];
  /** One rule for every field of every type. What is left out is denied. */
  permissions: Record<string, unknown>;
  /** By the name of the entity type. */
  references?: Record<string, ReferenceResolver>;
}

const FEDERATION_LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@shareable", "@inaccessible", "@external", "@requires", "@provides", "@tag", "@interfaceObject", "@cost"])\n`;

/** What the gateway itself asks of a subgraph. The entities behind `_entities` have rules of their own, field by field. */
const FEDERATION_RULES = { Query: { _service: allow, _entities: allow }, _Service: { sdl: allow } };

/**
 * The executable schema of one subgraph: type-graphql's classes, printed with their directives, made a federated
 * subgraph, with graphql-shield on every field, and a bound on what its lists hold.
 */
export async function buildFederatedSchema(source: SchemaSource): Promise<GraphQLSchema> {
  const instances = new Map(source.resolvers.map((resolver) => [resolver.constructor, resolver]));
  const schema = await buildSchema({
    resolvers: [...instances.keys()] as unknown as NonEmptyArray<new () => object>,
    container: { get: (resolverClass: { prototype: object }) => instances.get(resolverClass as never) },
    orphanedTypes: (source.orphanedTypes ?? []) as never[],
    pubSub: noPubSub,
    scalarsMap: [{ type: Date, scalar: DateTimeScalar }],
    // Inputs are checked in the services, where a refusal carries the path of the field.
    validate: false,
    // The query root may be filled by `_entities` and `_service` alone.
    skipCheck: true,
  });
  putArgumentsInOrder(schema);
  const resolvers = createResolversMap(schema) as Record<string, Record<string, unknown>>;
  for (const [type, resolve] of Object.entries(source.references ?? {})) {
    resolvers[type] = { ...resolvers[type], __resolveReference: resolve };
  }
  const subgraph = buildSubgraphSchema({
    typeDefs: parse(FEDERATION_LINK + printSchemaWithDirectives(schema)),
    resolvers: resolvers as never,
  });
  const shielded = applyMiddleware(subgraph, shield(withFederationRules(source.permissions), shieldOptions));
  boundLists(shielded);
  guardOpening(shielded, source.permissions.Subscription as Record<string, ShieldRule> | undefined);
  return shielded;
}

/** The decorators of parameters run from the last to the first, and type-graphql keeps that order. */
function putArgumentsInOrder(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) (field.args as GraphQLArgument[]).reverse();
  }
}

/** What `rule` and shield's own combinations of rules have in common. */
interface ShieldRule {
  resolve(parent: unknown, args: unknown, context: unknown, info: unknown, options: object): Promise<unknown>;
}

/** The middleware puts a subscription's rule before each of its events, and not before its opening. */
function guardOpening(schema: GraphQLSchema, rules: Record<string, ShieldRule> = {}): void {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { subscribe } = field;
    const rule = rules[field.name];
    field.subscribe = async (parent, args, context, info) => {
      const verdict = await rule?.resolve(parent, args, context, info, { ...shieldOptions, debug: false });
      if (verdict === true) return subscribe?.(parent, args, context, info);
      throw verdict instanceof Error ? verdict : shieldOptions.fallbackError;
    };
  }
}

/** type-graphql asks for one as soon as there is a subscription; ours bring their own streams by `subscribe`. */
const noPubSub = {
  publish(): never {
    throw new Error('Subscriptions read the stream log; there is no other publish/subscribe.');
  },
  subscribe(): never {
    throw new Error('A subscription lacks its `subscribe` function.');
  },
};

const shieldOptions = {
  fallbackRule: deny,
  fallbackError: forbidden('This field is not open to anybody.'),
  // What a rule or a resolver throws is masked in one place, at the edge.
  allowExternalErrors: true,
};

function withFederationRules(permissions: Record<string, unknown>): IRules {
  const query = { ...(permissions.Query as object | undefined), ...FEDERATION_RULES.Query };
  return { ...permissions, Query: query, _Service: FEDERATION_RULES._Service } as unknown as IRules;
}
