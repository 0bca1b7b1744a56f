import { composeServices } from '@apollo/composition';
import { ApolloGateway, type GraphQLDataSource, LocalGraphQLDataSource, type SupergraphManager } from '@apollo/gateway';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import { useServer as serveGraphql } from 'graphql-ws/use/ws';
import { pino } from 'pino';
import { it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { isErrorCode, ParleyError, unavailable } from '#core/error';
import { SubgraphExecutor } from '#core/subgraph/executor';
import type { RequestEnvelope } from '#core/subgraph/operation';
import { SubscriptionExecutor, type SubscriptionExecutorOptions } from './executor.ts';

import { remoteSubscriber } from './remote-subscriber.ts';
import type { SubgraphSubscriber } from './subgraph-subscriber.ts';
import { peopleSdl, roomsSdl, scoresSdl, ToyGraph } from './toy-graph.fixture.ts';

// A busy machine composes and loads slowly, which is not what these tests are about.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// Apollo's gateway otherwise reports to its maker, and asks every cloud's metadata service where it runs.
process.env.APOLLO_TELEMETRY_DISABLED = 'true';

export interface Viewer {
  viewer: string;
}

export const TRANSPORTS = ['local', 'remote'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** For what one transport alone can do. */
export const only = (transport: Transport, wanted: Transport): typeof it | (() => void) =>
  transport === wanted ? it : () => {};

export const SDL: Record<string, string> = { rooms: roomsSdl, people: peopleSdl, scores: scoresSdl };

const composed = new Map<string, string>();

/** The composed supergraph of subgraphs given as name and SDL. */
export function compose(sdl: Record<string, string>): string {
  const key = JSON.stringify(sdl);
  const known = composed.get(key);
  if (known) return known;
  const { supergraphSdl, errors } = composeServices(
    Object.entries(sdl).map(([name, typeDefs]) => ({ name, typeDefs: parse(typeDefs), url: `local://${name}` })),
  );
  if (!supergraphSdl) throw new Error(errors?.map(String).join('\n'));
  composed.set(key, supergraphSdl);
  return supergraphSdl;
}

export type ToyGatewayOptions = Partial<SubscriptionExecutorOptions<Viewer>>;

/** The toy graph behind a real Apollo Gateway, with subscriptions over one of the two transports. */
export class ToyGateway {
  readonly graph = new ToyGraph();
  readonly executor: SubscriptionExecutor<Viewer>;
  /** The fetches that went to each subgraph beside the subscriptions, in order. */
  readonly fetches: { subgraph: string; query: string; representations: unknown; signal: AbortSignal | undefined }[] =
    [];
  /** Held before a fetch is answered. */
  delay: (subgraph: string, fetch: number) => Promise<unknown> | undefined = () => undefined;
  /** Ends the connections of the remote transport as a crash of the subgraph would. */
  dropUpstream: () => void = () => {};
  /** How many connections the remote transport has opened so far. */
  connections = 0;
  readonly #gateway: ApolloGateway;
  readonly #sources = new Map<string, GraphQLDataSource>();
  readonly #closing: (() => unknown)[] = [];
  #execute: Awaited<ReturnType<ApolloGateway['load']>>['executor'] | undefined;
  #updateSupergraph: (sdl: string) => void = () => {};

  private constructor(transport: SubgraphSubscriber<Viewer>, options: ToyGatewayOptions, graph: ToyGraph) {
    this.graph = graph;
    this.executor = new SubscriptionExecutor<Viewer>({
      subscribeAt: transport,
      fetchFrom: (subgraph) => this.#sources.get(subgraph),
      formatError: masked,
      ...options,
    });
    const manager: SupergraphManager = {
      initialize: async ({ update }) => {
        this.#updateSupergraph = update;
        return { supergraphSdl: compose(SDL) };
      },
    };
    this.#gateway = new ApolloGateway({
      supergraphSdl: manager,
      logger: silent,
      buildService: ({ name }) => {
        const source = this.#counted(name);
        this.#sources.set(name, source);
        return source;
      },
    });
    this.#gateway.onSchemaLoadOrUpdate((schema) => this.executor.update(schema));
  }

  static async start(transport: Transport, options: ToyGatewayOptions = {}): Promise<ToyGateway> {
    const graph = new ToyGraph();
    const closing: (() => unknown)[] = [];
    let gateway: ToyGateway | undefined;
    if (transport === 'local') {
      gateway = new ToyGateway(inThisProcess(graph), options, graph);
    } else {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      const running = serveGraphql(
        {
          schema: () => graph.schema('rooms'),
          context: (_, __, { extensions }) => ({ viewer: extensions?.viewer }),
        },
        server,
      );
      await new Promise((resolve) => server.once('listening', resolve));
      const address = server.address();
      if (typeof address !== 'object' || !address) throw new Error('The server has no port.');
      const remote = remoteSubscriber<Viewer>({
        urlOf: (subgraph) => (subgraph === 'rooms' ? `ws://127.0.0.1:${address.port}` : undefined),
        extensionsFor: (_, { viewer }) => ({ viewer }),
      });
      gateway = new ToyGateway(remote.subscribeAt, options, graph);
      const made = gateway;
      server.on('connection', () => {
        made.connections += 1;
      });
      made.dropUpstream = () => {
        for (const socket of server.clients) socket.terminate();
      };
      closing.push(remote.close, () => running.dispose());
    }
    gateway.#closing.push(...closing);
    const { executor } = await gateway.#gateway.load();
    gateway.#execute = executor;
    return gateway;
  }

  /** Opens a subscription that validation has let pass, as the server in front would. */
  subscribe(query: string, variables: Record<string, unknown> = {}, viewer = 'ann', signal?: AbortSignal) {
    return this.executor.subscribe({ document: parse(query), variables, context: { viewer }, signal });
  }

  /** The same, for a subscription that must open; waits until the subgraph has it. */
  async open(query: string, variables: Record<string, unknown> = {}, viewer = 'ann') {
    const { openings } = this.graph;
    const before = openings.length;
    const answer = await this.subscribe(query, variables, viewer);
    if (!(Symbol.asyncIterator in answer)) throw new Error(`Refused: ${JSON.stringify(answer)}`);
    while (openings.length === before) await new Promise((resolve) => setImmediate(resolve));
    return answer;
  }

  /** Runs a query through Apollo's own executor. */
  async query(source: string, variables: Record<string, unknown> = {}): Promise<ExecutionResult> {
    const document = parse(source);
    if (!this.#execute || !this.#gateway.schema) throw new Error('The gateway is not loaded.');
    const invalid = validate(this.#gateway.schema, document);
    if (invalid.length > 0) throw new Error(invalid.map(String).join('\n'));
    return this.#execute(requestOf(source, document, variables));
  }

  /** Loads another supergraph, as a registry would. */
  reload(sdl: Record<string, string>): void {
    this.#updateSupergraph(compose(sdl));
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
    await this.#gateway.stop();
  }

  #counted(subgraph: string): GraphQLDataSource {
    const local = new LocalGraphQLDataSource(this.graph.schema(subgraph));
    return {
      process: async (options) => {
        const { request } = options;
        const signal = 'signal' in options && options.signal instanceof AbortSignal ? options.signal : undefined;
        const { representations } = request.variables ?? {};
        const count = this.fetches.push({ subgraph, query: request.query ?? '', representations, signal });
        await this.delay(subgraph, count - 1);
        return local.process(options);
      },
    };
  }
}

type GatewayRequest = Parameters<Awaited<ReturnType<ApolloGateway['load']>>['executor']>[0];

const requestOf = (source: string, document: DocumentNode, variables: Record<string, unknown>) =>
  ({
    request: { query: source, variables },
    document,
    queryHash: source,
    context: {},
    metrics: {},
    logger: silent,
  }) as unknown as GatewayRequest;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** As the gateway's masking does: a known code may be read, anything else may not. */
export function masked(error: GraphQLError): GraphQLError {
  const { code, resumable, fields } = error.extensions;
  const extensions = { code, ...(resumable !== undefined && { resumable }), ...(fields !== undefined && { fields }) };
  if (isErrorCode(code)) return new GraphQLError(error.message, { path: error.path ?? null, extensions });
  const hidden = new ParleyError('INTERNAL', 'Something went wrong.');
  return new GraphQLError(hidden.message, { path: error.path ?? null, extensions: hidden.extensions });
}

/** The next `count` answers, as a client gets them. */
export async function take(stream: AsyncIterator<ExecutionResult>, count: number): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let index = 0; index < count; index += 1) {
    const { value, done } = await stream.next();
    if (done) throw new Error(`The stream ended after ${index} answers.`);
    answers.push(plain(value));
  }
  return answers;
}

/** A result as JSON, which is what clients see. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Waits until `assertion` holds: generously, for how long it takes is not what is tested. */
export const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout: 30_000, interval: 5 });

/** What Parley itself does where a subgraph lives in the gateway's process. */
function inThisProcess(graph: ToyGraph): SubgraphSubscriber<Viewer> {
  const executors = new WeakMap<GraphQLSchema, SubgraphExecutor>();
  return async ({ subgraph, query, variables, operationName, context }) => {
    const schema = graph.schemas[subgraph];
    if (!schema) throw unavailable('A part of the API is not running here.');
    const executor = executors.get(schema) ?? new SubgraphExecutor('toy', schema, pino({ level: 'silent' }));
    executors.set(schema, executor);
    const envelope: RequestEnvelope = {
      requestId: 'toy',
      // The toy graph knows its viewers by a name alone.
      viewer: context.viewer as unknown as RequestEnvelope['viewer'],
      client: { ip: null, userAgent: null },
      idempotencyKey: null,
    };
    return executor.subscribe({ query, variables, operationName, envelope });
  };
}
