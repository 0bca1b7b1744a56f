import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import { type ExecutionArgs, GraphQLError, parse } from 'graphql';
import { useServer as serveProtocol } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Logger } from '#core/log';
import { maskError } from '#core/mask';
import type { Metrics } from '#core/metrics';
import { addMetrics } from '#core/metrics-route';
import { inTraceOf } from '#core/telemetry/span';
import { ENVELOPE_HEADER, type EnvelopeSigner } from './envelope-token.ts';
import type { SubgraphExecutor } from './executor.ts';
import type { FileDoor } from './file-door.ts';
import type { SubgraphOperation } from './operation.ts';
import { addFiles } from './serve-files.ts';

export interface SubgraphServerOptions {
  /** By name: each is served under `/subgraphs/NAME`, over HTTP and WebSocket. */
  executors: ReadonlyMap<string, SubgraphExecutor>;
  /** Where those of them that keep files give and take them. */
  doors: ReadonlyMap<string, FileDoor>;
  signer: EnvelopeSigner;
  log: Logger;
  /** What this process counts, shown at `/metrics` as the gateway does. */
  metrics: Metrics;
  metricsToken: string | undefined;
  host: string;
  port: number;
}

export interface SubgraphServer {
  /** The address that it listens on, such as `http://127.0.0.1:40123`. */
  url: string;
  close(): Promise<void>;
}

interface Body {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** A query plan can carry many entities: well above anything a plan makes, far below what would hurt. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * Serves subgraphs to the other processes of the installation; every call must carry a signed envelope. A process without
 * any shows here how it is.
 */
export async function serveSubgraphs(options: SubgraphServerOptions): Promise<SubgraphServer> {
  // Kept open longer than the callers keep an idle connection, so that none is closed just as it is used.
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, keepAliveTimeout: 65_000, forceCloseConnections: true });
  addHttp(app, options);
  addFiles(app, options);
  addMetrics(app, options.metrics, options.metricsToken);
  app.get('/healthz', () => ({ status: 'ok' }));
  const closeSockets = addWebSocket(app.server, options);
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://${hostOf(options.host)}:${port}`,
    async close() {
      await closeSockets();
      await app.close();
    },
  };
}

/** As it stands in an address: one that stands for all of them is reached by this machine's own. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function addHttp(app: FastifyInstance, { executors, signer, log }: SubgraphServerOptions): void {
  app.post<{ Params: { name: string }; Body: Body }>('/subgraphs/:name', async (request, reply) => {
    const executor = executors.get(request.params.name);
    if (!executor) return reply.code(404).send({ errors: [{ message: 'This process does not serve that subgraph.' }] });
    try {
      const envelope = await signer.verify(String(request.headers[ENVELOPE_HEADER] ?? ''));
      return await inTraceOf(request.headers, () => executor.execute({ ...request.body, envelope }));
    } catch (error) {
      const masked = maskError(toGraphQLError(error), log, '');
      return reply.code(masked.extensions.code === 'UNAUTHENTICATED' ? 401 : 500).send({ errors: [masked] });
    }
  });
}

function addWebSocket(server: Server, { executors, signer, log }: SubgraphServerOptions): () => Promise<void> {
  const sockets = new Map(
    [...executors].map(([name, executor]) => {
      const socket = new WebSocketServer({ noServer: true, maxPayload: BODY_LIMIT_BYTES, perMessageDeflate: false });
      const disposable = serveProtocol(
        {
          async onSubscribe(_context, _id, payload) {
            try {
              const envelope = await signer.verify(String(payload.extensions?.envelope ?? ''));
              const { query, variables, operationName } = payload;
              const operation: SubgraphOperation = { query, variables, operationName, envelope };
              return { schema: executor.schema, document: parse(query), contextValue: operation } as ExecutionArgs;
            } catch (error) {
              return [maskError(toGraphQLError(error), log, '')];
            }
          },
          subscribe: (args) => executor.subscribe(args.contextValue as SubgraphOperation),
          // Else the reason of a close would carry the words of an unexpected error.
          isProd: true,
        },
        socket,
      );
      return [`/subgraphs/${name}` as string, { socket, disposable }] as const;
    }),
  );
  server.on('upgrade', (request, stream: Duplex, head) => {
    const target = sockets.get((request.url ?? '').split('?')[0] ?? '');
    if (!target) return stream.destroy();
    target.socket.handleUpgrade(request, stream, head, (client) => target.socket.emit('connection', client, request));
    return undefined;
  });
  return async () => {
    await Promise.all([...sockets.values()].map(({ disposable }) => disposable.dispose()));
  };
}

const toGraphQLError = (error: unknown): GraphQLError =>
  error instanceof GraphQLError
    ? error
    : new GraphQLError('unexpected', { originalError: error instanceof Error ? error : new Error(String(error)) });
