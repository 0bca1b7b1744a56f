import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { ParleyError } from '#core/error';
import { type Logger, libraryLog } from '#core/log';
import { maskError } from '#core/mask';
import type { GatewayContext } from './context.ts';
import { apolloLimitPlugin } from './limit/apollo-plugin.ts';
import type { RequestLimits } from './limit/request-limits.ts';
import type { Spend } from './limit/spending.ts';

// Apollo Gateway reports its use to its maker unless told not to before it is made: a self-hosted server calls nobody.
process.env.APOLLO_TELEMETRY_DISABLED = 'true';

export interface GatewayGraph {
  gateway: ApolloGateway;
  /** The schema that clients see, and the supergraph behind it, at each change and once at the start. */
  onSchema(listener: (schema: { apiSchema: GraphQLSchema; coreSupergraphSdl: string }) => void): void;
  /** Takes a new supergraph while requests go on. */
  update(supergraphSdl: string): void;
}

/** Apollo Gateway on a supergraph that we compose, with our own data sources beneath. */
export function createGraph(
  supergraphSdl: string,
  sourceOf: (subgraph: string) => GraphQLDataSource,
  log: Logger,
): GatewayGraph {
  let take: (sdl: string) => void = () => {};
  const gateway = new ApolloGateway({
    supergraphSdl: async ({ update }) => {
      take = update;
      return { supergraphSdl };
    },
    buildService: ({ name }) => sourceOf(name),
    logger: libraryLog(log),
  });
  return {
    gateway,
    onSchema: (listener) => void gateway.onSchemaLoadOrUpdate(listener),
    update: (sdl) => take(sdl),
  };
}

/**
 * Over HTTP a subscription has nowhere to go: say where it has. And a request that names no operation is told so here:
 * Apollo's gateway would take it for a fault of its own.
 */
const runnableOperations: ApolloServerPlugin<GatewayContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ operation }) {
        if (!operation) throw refusal('operationName', NO_OPERATION);
        if (operation.operation === 'subscription') throw refusal('query', SUBSCRIPTIONS_ELSEWHERE);
      },
    };
  },
};

export const NO_OPERATION = 'The document has no such operation, or several and no name to choose by.';
const SUBSCRIPTIONS_ELSEWHERE = 'Subscriptions are served over WebSocket at the same address (graphql-transport-ws).';

const refusal = (path: string, message: string): ParleyError =>
  // Without a status, Apollo Server takes an error from a plugin for a fault of its own.
  new ParleyError('BAD_USER_INPUT', message, { fields: [{ path, message }], extensions: { http: { status: 400 } } });

export interface ApolloOptions {
  graph: GatewayGraph;
  log: Logger;
  limits: RequestLimits;
  spend: Spend;
  plugins: ApolloServerPlugin<GatewayContext>[];
}

/** Apollo Server on the gateway. It listens to nothing by itself. */
export function createApollo({ graph, log, limits, spend, plugins }: ApolloOptions): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    gateway: graph.gateway,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    parseOptions: limits.parseOptions,
    // A mutation by its hash alone would pass by what reads the document first, such as idempotency keys.
    persistedQueries: false,
    validationRules: [...limits.validationRules],
    validationOptions: limits.validationOptions,
    stopOnTerminationSignals: false,
    logger: log,
    plugins: [runnableOperations, rememberRequestIds, apolloLimitPlugin(limits, spend), ...plugins],
    formatError: (formatted, error) => toMasked(formatted, error, log),
  });
}

/** The request's id, by the error that belongs to it: Apollo's `formatError` is not told of the request. */
const requestIds = new WeakMap<object, string>();

const rememberRequestIds: ApolloServerPlugin<GatewayContext> = {
  async requestDidStart({ contextValue }) {
    return {
      async didEncounterErrors({ errors }) {
        for (const error of errors) requestIds.set(error, contextValue.envelope.requestId);
      },
    };
  },
};

function toMasked(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  if (!(error instanceof GraphQLError)) {
    log.error({ err: error }, 'a request failed before it had a context');
    return { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL' } };
  }
  const masked = maskError(error, log, requestIds.get(error) ?? '').toJSON();
  return { ...masked, ...(formatted.locations && { locations: formatted.locations }) };
}
