import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApolloServer } from '@apollo/server';
import { SpanKind } from '@opentelemetry/api';
import {
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { badInput, forbidden, isErrorCode, ParleyError, unauthenticated, unavailable } from '#core/error';
import { newId } from '#core/id';
import type { Logger } from '#core/log';
import { maskError } from '#core/mask';
import type { Metrics } from '#core/metrics';
import type { RateLimit, RateLimits } from '#core/rate-limit';
import { failSpan, inSpan } from '#core/telemetry/span';
import { NO_OPERATION } from '#gateway/apollo';
import type { Authenticator } from '#gateway/authentication/authenticator';
import type { AddressOf } from '#gateway/client-address';
import type { GatewayContext } from '#gateway/context';
import type { LimitedResult } from '#gateway/limit/request-limits';
import type { Spend } from '#gateway/limit/spending';
import { isOriginAllowed } from '#gateway/origin';
import { outcomeOf } from '#gateway/outcome';
import type { SubscriptionExecutor } from '#gateway/subscription/executor';
import { noSuchPage } from '#gateway/unknown-page';
import { Tally } from '../tally.ts';
import { type Arrival, CLOSE, type Connection } from './connection.ts';
import { type ConnectionWatch, callerOf } from './connection-watch.ts';
import { speak } from './protocol.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface WebSocketOptions {
  server: Server;
  log: Logger;
  authenticator: Authenticator;
  watch: ConnectionWatch;
  rateLimits: RateLimits;
  requestLimit: RateLimit;
  allowedOrigins: readonly string[];
  addressOf: AddressOf;
  metrics: Metrics;
  /** What one answer or event may have, in bytes. */
  maxResponseBytes: number;
  apollo: ApolloServer<GatewayContext>;
  subscriptions: SubscriptionExecutor<GatewayContext>;
  /** Parses, validates and weighs a document, by the same limits as over HTTP. */
  check(request: {
    source: string;
    variables: Record<string, unknown>;
    operationName: string | undefined;
  }): LimitedResult;
  spend: Spend;
  /** The schema that clients see now. */
  schema(): GraphQLSchema;
  /** Sockets that this process takes at most, and one caller of them. */
  maxSockets?: number;
  maxSocketsPerCaller?: number;
  /** Sockets of one address that have not said yet who they are. */
  maxSilentPerAddress?: number;
  /** Operations that one socket may have under way. */
  maxOperations?: number;
}

/** A message holds a query and its variables: what HTTP takes as well. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const INIT_WITHIN_MS = 10_000;

/** It goes with every event that is sent: a UUID is usual. */
const MAX_ID_CHARACTERS = 1_000;

/** How long a socket has to answer that it is being closed, when the server stops, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;

const FOREIGN_PAGE = forbidden('Pages of this origin may not open WebSockets here: see ALLOWED_ORIGINS.');
const CROWDED = new ParleyError('RATE_LIMITED', 'Too many sockets of this address have not said who they are.', {
  retryAfterSeconds: 5,
});
const FULL = unavailable('Too many sockets are open. Try again shortly.', { retryAfterSeconds: 5 });

/** `graphql-transport-ws` on `/graphql`: subscriptions over the whole graph, and queries and mutations too. */
export function serveWebSocket(options: WebSocketOptions): { close(): Promise<void> } {
  const { server, watch, allowedOrigins, addressOf, metrics, maxSockets = 20_000, maxSilentPerAddress = 500 } = options;
  const lobby = new Tally();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols,
  });
  const protocol = makeServer<Record<string, unknown> | undefined, Arrival & Partial<Connection>>({
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    onConnect: ({ extra, connectionParams }) => connect(extra as Connection, connectionParams, options),
    onClose: ({ extra }) => watch.remove(extra as Connection),
    onSubscribe: async ({ extra }, id, payload) => {
      const prepared = await prepare(extra as Connection, id, payload, options);
      if (isRefused(prepared)) metrics.socketOperations.inc({ operation: 'none', ...outcomeOf(prepared) });
      return prepared;
    },
    onComplete: ({ extra }) => {
      (extra as Connection).operations -= 1;
    },
    execute: (args) => counted(args as Prepared, runTraced(args as Prepared, options), metrics),
    subscribe: (args) => counted(args as Prepared, run(args as Prepared, options), metrics),
    // As it is: the errors of an answer that Apollo made are plain objects already.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
    onError: (_context, _id, _payload, errors) => errors.map((error) => toShown(error, options.log).toJSON()),
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if ((request.url ?? '').split('?')[0] !== '/graphql') {
      return refuseUpgrade(request, stream, 404, noSuchPage());
    }
    if (!isOriginAllowed(request.headers.origin, request.headers.host, allowedOrigins)) {
      return refuseUpgrade(request, stream, 403, FOREIGN_PAGE);
    }
    // Also those that have not said yet who they are.
    if (sockets.clients.size >= maxSockets) return refuseUpgrade(request, stream, 503, FULL);
    const ip = addressOf(request);
    if (lobby.of(ip) >= maxSilentPerAddress) return refuseUpgrade(request, stream, 429, CROWDED);
    return sockets.handleUpgrade(request, stream, head, (socket) => {
      const leaveLobby = enter(lobby, ip);
      socket.once('close', leaveLobby);
      speak(protocol, { socket, request, ip, leaveLobby }, options);
    });
  });
  return {
    async close() {
      watch.closeAll(CLOSE.SERVICE_RESTART, 'The server is being restarted: connect again and resume.');
      for (const client of sockets.clients) client.close(CLOSE.GOING_AWAY);
      const impatient = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, CLOSE_WITHIN_MS);
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(impatient);
    },
  };
}

/** Counts a socket that has yet to say who it is. Returns the function that ends that. */
function enter(lobby: Tally, ip: string): () => void {
  let waiting = true;
  lobby.add(ip);
  return () => {
    if (waiting) lobby.remove(ip);
    waiting = false;
  };
}

async function connect(
  extra: Connection,
  parameters: Record<string, unknown> | undefined,
  { authenticator, watch, rateLimits, requestLimit, log, maxSocketsPerCaller = 200 }: WebSocketOptions,
): Promise<boolean> {
  extra.operations = 0;
  extra.viewer = null;
  extra.userAgent = extra.request.headers['user-agent'] ?? null;
  try {
    extra.viewer = await authenticator.authenticate(readCredential(parameters));
    await rateLimits.consume(requestLimit, callerOf(extra));
  } catch (error) {
    return refuseConnection(extra, error, log, () => rateLimits.consume(requestLimit, callerOf(extra)));
  }
  if (watch.countOf(callerOf(extra)) >= maxSocketsPerCaller) {
    extra.socket.close(CLOSE.TRY_AGAIN_LATER, 'Too many sockets are open for this caller.');
    return false;
  }
  // It may have gone while its credential was looked at, and then nobody would remove it again.
  if (extra.socket.readyState !== extra.socket.OPEN) return false;
  watch.add(extra);
  extra.leaveLobby();
  return true;
}

/** @throws ParleyError `UNAUTHENTICATED` where there is something that is no text. */
function readCredential(parameters: Record<string, unknown> | undefined): string | undefined {
  const header = parameters?.authorization ?? parameters?.Authorization;
  if (header === undefined || header === null || typeof header === 'string') return header ?? undefined;
  throw unauthenticated();
}

/** Closes a socket that was not let in. A credential that does not hold counts against its address. */
async function refuseConnection(
  { socket }: Connection,
  error: unknown,
  log: Logger,
  count: () => Promise<void>,
): Promise<false> {
  const code = error instanceof ParleyError ? error.code : 'INTERNAL';
  if (code === 'UNAUTHENTICATED') {
    const within = await count().then(
      () => true,
      () => false,
    );
    if (within) socket.close(CLOSE.UNAUTHORIZED, 'The credential is unknown, expired or revoked.');
    else socket.close(CLOSE.TRY_AGAIN_LATER, 'Too many requests: connect again later.');
  } else if (code === 'RATE_LIMITED') {
    socket.close(CLOSE.TRY_AGAIN_LATER, 'Too many requests: connect again later.');
  } else {
    log.warn({ err: error }, 'a socket could not be authenticated');
    socket.close(CLOSE.TRY_AGAIN_LATER, 'The credential could not be checked: connect again.');
  }
  return false;
}

/** graphql-ws hands this from `onSubscribe` to `subscribe` and `execute`. */
type Prepared = ExecutionArgs & { contextValue: GatewayContext; source: string };

async function prepare(
  connection: Connection,
  id: string,
  { query, variables, operationName }: SubscribePayload,
  { rateLimits, requestLimit, log, check, spend, schema, maxOperations = 100 }: WebSocketOptions,
): Promise<Prepared | readonly GraphQLError[]> {
  const requestId = newId();
  try {
    await rateLimits.consume(requestLimit, callerOf(connection));
    if (id.length > MAX_ID_CHARACTERS) throw badInput('id', `It must have at most ${MAX_ID_CHARACTERS} characters.`);
    const checked = check({ source: query, variables: variables ?? {}, operationName: operationName ?? undefined });
    if (!checked.document) return checked.errors.map((error) => maskError(error, log, requestId));
    const operation = getOperationAST(checked.document, operationName);
    if (!operation) throw badInput('operationName', NO_OPERATION);
    const { viewer, ip, userAgent } = connection;
    const client = { ip, userAgent };
    // Apollo Server, which runs the others, takes the cost of those.
    if (operation.operation === 'subscription') await spend({ viewer, client }, checked.cost);
    // Nothing is waited for between this and the count.
    if (connection.operations >= maxOperations) {
      throw new ParleyError('QUOTA_EXCEEDED', `One socket carries ${maxOperations} operations at most.`);
    }
    // From here on graphql-ws says once when it is over. An id tells nothing: it can be given again before that.
    connection.operations += 1;
    return {
      schema: schema(),
      document: checked.document,
      variableValues: variables ?? {},
      operationName: operationName ?? null,
      source: query,
      contextValue: {
        envelope: { requestId, viewer, client, idempotencyKey: null },
        log: log.child({ requestId }),
      },
    };
  } catch (error) {
    return [maskError(toGraphQLError(error), log, requestId)];
  }
}

const isRefused = (prepared: Prepared | readonly GraphQLError[]): prepared is readonly GraphQLError[] =>
  Array.isArray(prepared);

async function counted<T extends object>(args: Prepared, answer: Promise<T>, metrics: Metrics): Promise<T> {
  const result = await answer;
  const operation = getOperationAST(args.document, args.operationName)?.operation ?? 'none';
  metrics.socketOperations.inc({
    operation,
    ...outcomeOf('errors' in result ? (result as ExecutionResult).errors : []),
  });
  return result;
}

const run = (args: Prepared, { subscriptions }: WebSocketOptions) =>
  subscriptions.subscribe({
    document: args.document,
    variables: args.variableValues as Record<string, unknown>,
    operationName: args.operationName ?? null,
    context: args.contextValue,
  });

/** Over a socket nothing names a client's own span. */
const runTraced = (args: Prepared, options: WebSocketOptions): Promise<ExecutionResult> => {
  const operation = getOperationAST(args.document, args.operationName)?.operation ?? 'none';
  const attributes = { 'graphql.operation.type': operation, 'parley.request.id': args.contextValue.envelope.requestId };
  return inSpan(`graphql ${operation}`, { kind: SpanKind.SERVER, attributes }, async (span) => {
    const result = await runOnce(args, options);
    if (result.errors?.[0]) failSpan(span, result.errors[0]);
    return result;
  });
};

async function runOnce(args: Prepared, { apollo }: WebSocketOptions): Promise<ExecutionResult> {
  const { contextValue } = args;
  try {
    const { body } = await apollo.executeOperation(
      {
        query: args.source,
        variables: args.variableValues as Record<string, unknown>,
        ...(args.operationName && { operationName: args.operationName }),
      },
      { contextValue },
    );
    if (body.kind === 'single') return body.singleResult as unknown as ExecutionResult;
    throw new ParleyError('BAD_USER_INPUT', 'Incremental delivery is not served.');
  } catch (error) {
    return { errors: [maskError(toGraphQLError(error), contextValue.log, contextValue.envelope.requestId)] };
  }
}

/** Errors reach graphql-ws masked, and it wraps those that end a stream once more. Anything else is its own. */
function toShown(error: GraphQLError, log: Logger): GraphQLError {
  const origin = error.originalError ?? error;
  return origin instanceof GraphQLError && isErrorCode(origin.extensions.code)
    ? origin
    : maskError(error, log, newId());
}

const toGraphQLError = (error: unknown): GraphQLError =>
  error instanceof GraphQLError
    ? error
    : new GraphQLError('unexpected', { originalError: error instanceof Error ? error : new Error(String(error)) });
