import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApolloServer } from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { ParleyError } from '#core/error';
import { newId } from '#core/id';
import type { Logger } from '#core/log';
import { maskError } from '#core/mask';
import type { RateLimit, RateLimits } from '#core/rate-limit';
import type { Authenticator } from '#gateway/authentication/authenticator';
import type { GatewayContext } from '#gateway/context';
import { isOriginAllowed } from '#gateway/origin';
import type { SubscriptionExecutor } from '#gateway/subscription/executor';
import { CLOSE, type Connection } from './connection.ts';
import { type ConnectionWatch, callerOf } from './connection-watch.ts';

export interface WebSocketOptions {
  server: Server;
  log: Logger;
  authenticator: Authenticator;
  watch: ConnectionWatch;
  rateLimits: RateLimits;
  requestLimit: RateLimit;
  allowedOrigins: readonly string[];
  apollo: ApolloServer<GatewayContext>;
  subscriptions: SubscriptionExecutor<GatewayContext>;
  /** Parses, validates and weighs a document, by the same limits as over HTTP. */
  check(request: {
    source: string;
    variables: Record<string, unknown>;
    operationName: string | undefined;
  }): { document: DocumentNode } | { errors: readonly GraphQLError[] };
  /** The schema that clients see now. */
  schema(): GraphQLSchema;
  /** Sockets that this process takes at most, and one caller of them. */
  maxSockets?: number;
  maxSocketsPerCaller?: number;
  /** Operations that one socket may have under way. */
  maxOperations?: number;
}

/** A message holds a query and its variables: what HTTP takes as well. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const INIT_WITHIN_MS = 10_000;

/** `graphql-transport-ws` on `/graphql`: subscriptions over the whole graph, and queries and mutations too. */
export function serveWebSocket(options: WebSocketOptions): { close(): Promise<void> } {
  const { server, watch, allowedOrigins, maxSockets = 20_000 } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const protocol = useServer<Record<string, unknown> | undefined, Partial<Connection>>(
    {
      connectionInitWaitTimeout: INIT_WITHIN_MS,
      onConnect: ({ extra, connectionParams }) => connect(extra as Connection, connectionParams, options),
      onDisconnect: ({ extra }) => watch.remove(extra as Connection),
      onSubscribe: ({ extra }, id, payload) => prepare(extra as Connection, id, payload, options),
      onComplete: ({ extra }, id) => void (extra as Connection).operations.delete(id),
      execute: (args) => runOnce(args as Prepared, options),
      subscribe: (args) => run(args as Prepared, options),
      onError: (_context, _id, _payload, errors) => errors.map((error) => toMasked(error, options.log).toJSON()),
    },
    sockets,
  );
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if ((request.url ?? '').split('?')[0] !== '/graphql') return refuse(stream, '404 Not Found');
    if (!isOriginAllowed(request.headers.origin, request.headers.host, allowedOrigins)) {
      return refuse(stream, '403 Forbidden');
    }
    if (watch.size >= maxSockets) return refuse(stream, '503 Service Unavailable');
    return sockets.handleUpgrade(request, stream, head, (client) => sockets.emit('connection', client, request));
  });
  return {
    async close() {
      watch.closeAll(CLOSE.SERVICE_RESTART, 'The server is being restarted: connect again and resume.');
      await protocol.dispose();
    },
  };
}

const refuse = (stream: Duplex, status: string): void => {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

async function connect(
  extra: Connection,
  parameters: Record<string, unknown> | undefined,
  { authenticator, watch, log, maxSocketsPerCaller = 200 }: WebSocketOptions,
): Promise<boolean> {
  const header = parameters?.authorization ?? parameters?.Authorization;
  extra.operations = new Set();
  extra.ip = extra.request.socket.remoteAddress ?? '';
  extra.userAgent = extra.request.headers['user-agent'] ?? null;
  try {
    extra.viewer = await authenticator.authenticate(typeof header === 'string' ? header : undefined);
  } catch (error) {
    const known = error instanceof ParleyError && error.code === 'UNAUTHENTICATED';
    if (!known) log.warn({ err: error }, 'a socket could not be authenticated');
    if (known) extra.socket.close(CLOSE.UNAUTHORIZED, 'The credential is unknown, expired or revoked.');
    else extra.socket.close(CLOSE.TRY_AGAIN_LATER, 'The credential could not be checked: connect again.');
    return false;
  }
  if (watch.countOf(callerOf(extra)) >= maxSocketsPerCaller) {
    extra.socket.close(CLOSE.TRY_AGAIN_LATER, 'Too many sockets are open for this caller.');
    return false;
  }
  watch.add(extra);
  return true;
}

/** graphql-ws hands this from `onSubscribe` to `subscribe` and `execute`. */
type Prepared = ExecutionArgs & { contextValue: GatewayContext; source: string };

async function prepare(
  connection: Connection,
  id: string,
  { query, variables, operationName }: SubscribePayload,
  { rateLimits, requestLimit, log, check, schema, maxOperations = 100 }: WebSocketOptions,
): Promise<Prepared | readonly GraphQLError[]> {
  try {
    await rateLimits.consume(requestLimit, callerOf(connection));
    if (connection.operations.size >= maxOperations) {
      throw new ParleyError('QUOTA_EXCEEDED', `One socket carries ${maxOperations} operations at most.`);
    }
    const checked = check({ source: query, variables: variables ?? {}, operationName: operationName ?? undefined });
    if ('errors' in checked) return checked.errors;
    connection.operations.add(id);
    const { viewer, ip, userAgent } = connection;
    const requestId = newId();
    return {
      schema: schema(),
      document: checked.document,
      variableValues: variables ?? {},
      operationName: operationName ?? null,
      source: query,
      contextValue: {
        envelope: { requestId, viewer, client: { ip, userAgent }, idempotencyKey: null },
        log: log.child({ requestId }),
      },
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

const run = (args: Prepared, { subscriptions }: WebSocketOptions) =>
  subscriptions.subscribe({
    document: args.document,
    variables: args.variableValues as Record<string, unknown>,
    operationName: args.operationName ?? null,
    context: args.contextValue,
  });

async function runOnce(args: Prepared, { apollo }: WebSocketOptions): Promise<ExecutionResult> {
  const { body } = await apollo.executeOperation(
    {
      query: args.source,
      variables: args.variableValues as Record<string, unknown>,
      ...(args.operationName && { operationName: args.operationName }),
    },
    { contextValue: args.contextValue },
  );
  if (body.kind !== 'single') throw new ParleyError('INTERNAL', 'Incremental delivery is not served over WebSocket.');
  return body.singleResult as unknown as ExecutionResult;
}

function toMasked(error: GraphQLError, log: Logger): GraphQLError {
  return maskError(error, log, '');
}

/** Whether a document's operation is a subscription: what decides between a stream and a single answer. */
export const isSubscription = (document: DocumentNode, operationName?: string): boolean =>
  getOperationAST(document, operationName)?.operation === 'subscription';
