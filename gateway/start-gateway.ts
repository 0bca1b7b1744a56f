import type { GraphQLDataSource } from '@apollo/gateway';
import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Kernel } from '#core/kernel';
import { maskError } from '#core/mask';
import type { Metrics } from '#core/metrics';
import { addMetrics } from '#core/metrics-route';
import type { EnvelopeSigner } from '#core/subgraph/envelope-token';
import type { FileDoor } from '#core/subgraph/file-door';
import { createApollo, createGraph } from './apollo.ts';
import { Authenticator } from './authentication/authenticator.ts';
import { createAddressOf } from './client-address.ts';
import { composeSupergraph } from './compose.ts';
import type { GatewayContext } from './context.ts';
import { LocalDataSource, RemoteDataSource } from './data-source.ts';
import { addExplorers } from './explorer/routes.ts';
import { addExports } from './export/route.ts';
import { addDownloads } from './file/download-route.ts';
import { addUploads } from './file/upload-route.ts';
import { addHealth, type HealthCheck } from './health.ts';
import { addGraphQL, createHttp, type HttpOptions } from './http.ts';
import { Idempotency } from './idempotency.ts';
import { httpStatusPlugin } from './limit/http-status.ts';
import { createRequestLimits } from './limit/request-limits.ts';
import { createSpend } from './limit/spending.ts';
import { reportOutcome } from './outcome.ts';
import { countFetches, countStreams } from './subgraph-count.ts';
import { readSchemas, type SubgraphSources } from './subgraph-source.ts';
import { SubscriptionExecutor } from './subscription/executor.ts';
import { subscribeAtSubgraphs } from './subscription-source.ts';
import { followSupergraph } from './supergraph-watch.ts';
import { ConnectionWatch } from './websocket/connection-watch.ts';
import { serveWebSocket } from './websocket/serve.ts';

export interface GatewayOptions {
  kernel: Kernel;
  sources: SubgraphSources;
  /** Where files are kept. */
  files: FileDoor;
  signer: EnvelopeSigner;
  metrics: Metrics;
  checks: ReadonlyMap<string, HealthCheck>;
  /** Where the composed supergraph is kept between starts; null for nowhere. */
  cacheFolder: string | null;
  host: string;
  port: number;
  /** What has to be done before anybody can come. */
  beforeListening?(): Promise<void>;
}

export interface RunningGateway {
  port: number;
  close(): Promise<void>;
}

/** How long clients may still read their answers when the server stops, in milliseconds. */
const CLOSE_WITHIN_MS = 5_000;

/** Starts the entry: HTTP and WebSocket on one port, over all the subgraphs. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { kernel, sources, signer, metrics } = options;
  const { environment, log } = kernel;
  const supergraph = await composeSupergraph(await readSchemas(sources), options.cacheFolder);
  const sourceFor = (purpose: 'plan' | 'join') => (subgraph: string) =>
    countFetches(dataSource(subgraph, sources), { subgraph, purpose }, metrics);
  const graph = createGraph(supergraph, sourceFor('plan'), log);
  const subscriber = subscribeAtSubgraphs(sources, signer);
  const subscriptions = new SubscriptionExecutor<GatewayContext>({
    subscribeAt: countStreams(subscriber.subscribeAt, metrics),
    fetchFrom: sourceFor('join'),
    formatError: (error, context) => maskError(error, context.log, context.envelope.requestId),
  });
  let apiSchema: GraphQLSchema | undefined;
  graph.onSchema((schema) => {
    apiSchema = schema.apiSchema;
    subscriptions.update(schema);
  });

  const limits = createRequestLimits();
  const spend = createSpend(kernel.rateLimits, environment.RATE_LIMIT_COST);
  const apollo = createApollo({ graph, log, limits, spend, plugins: [httpStatusPlugin(), reportOutcome] });
  await apollo.start();
  const authenticator = new Authenticator(kernel.peers);
  const requestLimit = { name: 'requests', points: environment.RATE_LIMIT_REQUESTS, seconds: 10 };
  const http: HttpOptions = {
    log,
    authenticator,
    idempotency: new Idempotency({
      pool: kernel.database.systemPool,
      sealer: kernel.sealer,
      instanceId: kernel.instanceId,
    }),
    rateLimits: kernel.rateLimits,
    requestLimit,
    allowedOrigins: environment.ALLOWED_ORIGINS,
    addressOf: createAddressOf(environment.TRUSTED_PROXIES),
    metrics,
    maxResponseBytes: environment.MAX_RESPONSE_BYTES,
  };
  const app = createHttp(http);
  addRoutes(app, apollo, http, options);

  const watch = new ConnectionWatch(authenticator, kernel.bus, log, environment.SLOW_READER_SECONDS * 1_000);
  await watch.start();
  const schemaNow = () => apiSchema as GraphQLSchema;
  const sockets = serveWebSocket({
    ...http,
    server: app.server,
    watch,
    apollo,
    subscriptions,
    schema: schemaNow,
    spend,
    check: (request) => limits.check({ ...request, schema: schemaNow() }),
  });
  const gauges = setInterval(() => {
    metrics.sockets.set(watch.size);
    metrics.subscriptions.set(subscriptions.running);
  }, 1_000).unref();
  const stopFollowing = followSupergraph({ sources, graph, log, cacheFolder: options.cacheFolder });

  await options.beforeListening?.();
  await app.listen({ host: options.host, port: options.port });
  setImmediate(() => subscriptions.warmUp());
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    async close() {
      clearInterval(gauges);
      stopFollowing();
      watch.stop();
      await sockets.close();
      const impatient = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS);
      await app.close();
      clearTimeout(impatient);
      await apollo.stop();
      subscriber.close();
    },
  };
}

function addRoutes(
  app: FastifyInstance,
  apollo: ApolloServer<GatewayContext>,
  http: HttpOptions,
  { metrics, checks, kernel, files }: GatewayOptions,
): void {
  const { UPLOAD_MAX_BYTES, UPLOAD_STALL_SECONDS } = kernel.environment;
  addHealth(app, checks);
  addMetrics(app, metrics, kernel.environment.METRICS_TOKEN);
  addGraphQL(app, apollo, http);
  addUploads(app, { ...http, files, maxBytes: UPLOAD_MAX_BYTES, stallMs: UPLOAD_STALL_SECONDS * 1_000 });
  addDownloads(app, { ...http, files });
  addExports(app, { ...http, peers: kernel.peers });
  addExplorers(app);
}

function dataSource(name: string, { local, remote }: SubgraphSources): GraphQLDataSource {
  const executor = local.get(name);
  if (executor) return new LocalDataSource(executor);
  if (!remote) throw new Error(`No process serves the subgraph ${name}.`);
  return new RemoteDataSource(remote.caller, name);
}
