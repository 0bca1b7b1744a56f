import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { GraphQLError } from 'graphql';
import { badInput, ParleyError, unavailable } from '#core/error';
import { type Logger, libraryLog } from '#core/log';
import { maskError } from '#core/mask';
import type { Metrics, OperationLabels } from '#core/metrics';
import { inSpan } from '#core/telemetry/span';
import { limitArrival } from './arrival-limit.ts';
import type { CallerOptions } from './caller.ts';
import { identify } from './caller.ts';
import type { GatewayContext } from './context.ts';
import type { Idempotency, KeptAnswer } from './idempotency.ts';
import { isMutation } from './is-mutation.ts';
import { RESPONSE_JSON } from './limit/http-status.ts';
import { responseRefusal } from './limit/response-size.ts';
import { outcomeOf } from './outcome.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts';
import { answerUnknownPages } from './unknown-page.ts';

export interface HttpOptions extends CallerOptions {
  log: Logger;
  idempotency: Idempotency;
  allowedOrigins: readonly string[];
  metrics: Metrics;
  maxResponseBytes: number;
}

/** Text and variables of a request: pictures and files go elsewhere. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/** How long a request may take to come in as a whole, in milliseconds. */
const BODY_WITHIN_MS = 60_000;

const STATUS: Partial<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

/** The HTTP server, with what holds for every route: request ids, masked errors, CORS for the allowed origins. */
export function createHttp({ log, allowedOrigins, addressOf }: HttpOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: libraryLog(log) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: (request) => requestIdOf(request.headers[REQUEST_ID_HEADER]),
    keepAliveTimeout: 65_000,
    // Of the slowest upload that goes on; what is no upload has `limitArrival`.
    requestTimeout: 3_600_000,
    forceCloseConnections: 'idle',
    // Ours has a code: see below.
    return503OnClosing: false,
    // What the router itself refuses passes by the hooks.
    frameworkErrors: (error, request, reply) => {
      addHeaders(request, reply, allowedOrigins);
      sendError(error, request, reply, log);
    },
  }) as unknown as FastifyInstance;
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onRequest', async (request, reply) => {
    addHeaders(request, reply, allowedOrigins);
    if (isClosing) throw unavailable('Parley is stopping: try again in a moment.', { retryAfterSeconds: 1 });
  });
  limitArrival(app, BODY_WITHIN_MS);
  app.addHook('onResponse', async (request, reply) => {
    log.debug(
      {
        requestId: request.id,
        ip: addressOf(request.raw),
        method: request.method,
        path: request.url.split('?')[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'answered',
    );
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, log));
  answerUnknownPages(app);
  return app;
}

function addHeaders(request: FastifyRequest, reply: FastifyReply, allowedOrigins: readonly string[]): void {
  reply.header(REQUEST_ID_HEADER, request.id);
  reply.header('x-content-type-options', 'nosniff');
  allowOrigin(request, reply, allowedOrigins);
}

function allowOrigin(request: FastifyRequest, reply: FastifyReply, allowed: readonly string[]): void {
  const { origin } = request.headers;
  // The answer to one origin must not be kept for another.
  if (allowed.length > 0) reply.header('vary', 'origin');
  if (!origin || !(allowed.includes(origin) || allowed.includes('*'))) return;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-headers':
      'authorization, content-type, range, x-file-name, idempotency-key, x-request-id, apollo-require-preflight, apollographql-client-name, apollographql-client-version',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-expose-headers': `${REQUEST_ID_HEADER}, retry-after, idempotency-replayed, content-disposition, content-range, etag`,
    'access-control-max-age': '600',
  });
}

/** The one way in which anything outside of GraphQL's own execution answers with an error. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const own = error as { statusCode?: number; code?: string; message?: string };
  if (own.code?.startsWith('FST_ERR') && own.statusCode && own.statusCode < 500) {
    const refused = new ParleyError('BAD_USER_INPUT', own.message ?? 'The request cannot be read.');
    return reply.code(own.statusCode).send({ errors: [refused.toJSON()] });
  }
  const wrapped =
    error instanceof GraphQLError
      ? error
      : new GraphQLError('unexpected', { originalError: error instanceof Error ? error : new Error(String(error)) });
  const masked = maskError(wrapped, log, request.id);
  const { code, retryAfterSeconds } = masked.extensions;
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', String(retryAfterSeconds));
  return reply
    .code(STATUS[String(code)] ?? 400)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ errors: [masked.toJSON()] }));
}

/** `/graphql` over HTTP: who calls, how often, once per idempotency key, then Apollo. */
export function addGraphQL(app: FastifyInstance, apollo: ApolloServer<GatewayContext>, options: HttpOptions): void {
  const { idempotency, metrics, log, maxResponseBytes } = options;
  const contexts = new WeakMap<FastifyRequest, GatewayContext>();
  const outcomes = new WeakMap<FastifyRequest, OperationLabels>();
  const handle = fastifyApolloHandler(apollo, {
    context: async (request) => contexts.get(request as FastifyRequest) as GatewayContext,
  });
  const answerOf = async (request: FastifyRequest, reply: FastifyReply): Promise<string> => {
    const body = String(await handle.call(app, request, reply));
    const operation = outcomes.get(request)?.operation ?? 'none';
    const refusal = responseRefusal(body, maxResponseBytes, operation === 'mutation');
    if (!refusal) return body;
    outcomes.set(request, { operation, ...outcomeOf([refusal]) });
    if (String(reply.getHeader('content-type')).startsWith(RESPONSE_JSON)) reply.code(400);
    return JSON.stringify({ errors: [refusal.toJSON()] });
  };

  const answerTo = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string' || !isMutation(request.body)) return answerOf(request, reply);
    const context = contexts.get(request) as GatewayContext;
    const repeatable = { key, viewer: context.envelope.viewer, body: textOf(request.body) };
    context.envelope.idempotencyKey = idempotency.digest(repeatable);
    const answer = await idempotency.once(repeatable, async () => {
      const body = await answerOf(request, reply);
      return { ...describe(reply, body), keep: isKeepable(body) };
    });
    if (answer.repeated) {
      reply.header('idempotency-replayed', 'true');
      outcomes.set(request, { operation: 'mutation', ...outcomeOf(undefined) });
    }
    return reply.code(answer.status).type(answer.contentType).send(answer.body);
  };

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    onResponse: async (request, reply) => {
      const outcome = outcomes.get(request) ?? outcomeByStatus(reply.statusCode);
      if (outcome) metrics.requests.observe({ ...outcome }, reply.elapsedTime / 1000);
    },
    preValidation: async (request, reply) => {
      contexts.set(request, {
        envelope: await identify(request, options),
        signal: whenGone(reply),
        log: log.child({ requestId: request.id }),
        onOutcome: (outcome) => outcomes.set(request, outcome),
      });
    },
    handler: (request, reply) =>
      inSpan('graphql', spanOf(request), async (span) => {
        const answer = await answerTo(request, reply);
        tellOutcome(span, outcomes.get(request), reply.statusCode);
        return answer;
      }),
  });
  app.options('/graphql', async (_request, reply) => reply.code(204).send());
}

/** Its parent may be a client's own span. */
const spanOf = ({ id, method, headers }: FastifyRequest) => ({
  kind: SpanKind.SERVER,
  parent: typeof headers.traceparent === 'string' ? headers.traceparent : null,
  attributes: { 'http.request.method': method, 'url.path': '/graphql', 'parley.request.id': id },
});

function tellOutcome(span: Span, outcome: OperationLabels | undefined, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (!outcome) return;
  span.setAttribute('graphql.operation.type', outcome.operation);
  if (outcome.operation !== 'none') span.updateName(`graphql ${outcome.operation}`);
  if (outcome.code !== 'none') span.setAttribute('error.type', outcome.code);
  if (outcome.outcome === 'error') span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Fires where the client leaves before its answer. */
function whenGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) gone.abort();
  });
  return gone.signal;
}

/** Of a request that never became an operation: what it was refused with. A page for browsers is none. */
function outcomeByStatus(status: number): OperationLabels | undefined {
  if (status < 400) return undefined;
  const code = Object.keys(STATUS).find((each) => STATUS[each] === status) ?? (status < 500 ? 'BAD_USER_INPUT' : '');
  return { operation: 'none', ...outcomeOf([{ extensions: { code } }]) };
}

/** @throws ParleyError `BAD_USER_INPUT` where what was sent is nested more deeply than it can be written out. */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    if (error instanceof RangeError) throw badInput('variables', 'They are nested too deeply.');
    throw error;
  }
}

const describe = (reply: FastifyReply, body: string): KeptAnswer => ({
  status: reply.statusCode,
  contentType: String(reply.getHeader('content-type') ?? 'application/json; charset=utf-8'),
  body,
});

/** An answer with an error had no effect that is not guarded by itself, and another try may go better. */
const isKeepable = (body: string): boolean => {
  const { data, errors } = JSON.parse(body) as { data?: unknown; errors?: unknown };
  return data != null && errors === undefined;
};
