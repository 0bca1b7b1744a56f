import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createMemoryBus } from '#core/bus/memory-bus';
import { type Database, openDatabase } from '#core/database/database';
import { Transactions } from '#core/database/transaction';
import { readEnvironment } from '#core/environment';
import type { Kernel } from '#core/kernel';
import { createLog } from '#core/log';
import { createRateLimits } from '#core/rate-limit';
import { createSealer } from '#core/seal';
import { SubgraphExecutor } from '#core/subgraph/executor';
import type { Viewer } from '#core/viewer';
import { onViewerChange, type ViewerChange } from '#core/viewer-change';
import type { AnswerError } from '#test/support/client';
import { createTestDatabase } from '#test/support/database';
import { createIdentity } from './index.ts';
import { People, type Person as PersonOf } from './people.fixture.ts';

export type Person = PersonOf<BenchClient>;

const AUTHENTICATE = `query ($credential: String!) {
  authenticate(credential: $credential) { userId userKind orgId role permissions credential { kind id expiresAt } }
}`;

/** Somebody with a credential, or without one. What he sends comes to the subgraph as from a gateway. */
export class BenchClient {
  constructor(
    private readonly bench: Bench,
    private readonly credential: string | null,
    private readonly address: string = bench.address,
  ) {}

  /** The same caller at another address. */
  at(address: string): BenchClient {
    return new BenchClient(this.bench, this.credential, address);
  }

  /** The data of an operation that must succeed. */
  async ask<Data>(query: string, variables: object = {}, idempotencyKey: string | null = null): Promise<Data> {
    const { data, errors } = await this.send<Data>(query, variables, idempotencyKey);
    if (!data || errors.length > 0) throw new Error(`${JSON.stringify(errors)} to ${query}`);
    return data;
  }

  /** The one error of an operation that must be refused. */
  async refused(query: string, variables: object = {}): Promise<AnswerError> {
    const { data, errors } = await this.send(query, variables, null);
    const [error, ...others] = errors;
    if (!error || others.length > 0) throw new Error(`${JSON.stringify({ data, errors })} to ${query}`);
    return error;
  }

  private async send<Data>(query: string, variables: object, idempotencyKey: string | null) {
    const viewer = this.credential ? await this.authenticate(this.credential) : null;
    if (this.credential && !viewer) throw new Error('The credential is not known.');
    return this.bench.execute<Data>(query, variables, viewer, idempotencyKey, this.address);
  }

  private async authenticate(credential: string): Promise<Viewer | null> {
    const { data } = await this.bench.execute<{ authenticate: Viewer | null }>(
      AUTHENTICATE,
      { credential },
      null,
      null,
    );
    return data?.authenticate ?? null;
  }
}

/**
 * The identity subgraph alone, on a database of its own: for what only the gateway and the server see of it, and for
 * counting statements that nobody else makes.
 */
export class Bench extends People<BenchClient> {
  /** What the gateways were told, in order. */
  readonly changes: ViewerChange[] = [];

  private constructor(
    readonly kernel: Kernel,
    private readonly executor: SubgraphExecutor,
    /** Stops what the worker role runs. */
    readonly stopWorker: () => Promise<void>,
    private readonly drop: () => Promise<void>,
  ) {
    super();
  }

  static async start(variables: Record<string, string> = {}): Promise<Bench> {
    const { url, drop } = await createTestDatabase(inject('adminUrl'));
    const log = createLog({ level: 'silent', pretty: false });
    const database = await openDatabase({ url, log });
    const read = readEnvironment(variables);
    if ('problems' in read) throw new Error(read.problems.join(' '));
    const sealer = createSealer(Buffer.alloc(32, 1).toString('base64url'));
    // All of the kernel that this subgraph touches.
    const kernel = {
      environment: read.environment,
      secrets: { tokenSecret: Buffer.alloc(32, 2).toString('base64url'), internalSecret: '', sealingKey: '' },
      log,
      database,
      transactions: new Transactions(database, sealer, () => {}),
      bus: createMemoryBus(),
      sealer,
      rateLimits: createRateLimits(null),
      instanceId: randomUUID(),
    } as unknown as Kernel;
    const { schema, startWorker } = await createIdentity(kernel);
    const stopWorker = (await startWorker?.({ alone: true })) ?? (async () => {});
    const bench = new Bench(kernel, new SubgraphExecutor('identity', schema, log), stopWorker, drop);
    await onViewerChange(kernel.bus, (change) => bench.changes.push(change));
    return bench;
  }

  /** Where all requests come from that say nothing else. */
  readonly address = '192.0.2.1';
  readonly anonymous = new BenchClient(this, null);

  get database(): Database {
    return this.kernel.database;
  }

  client(credential: string): BenchClient {
    return new BenchClient(this, credential);
  }

  /** The schema as the gateway composes it. */
  async sdl(): Promise<string> {
    const { data } = await this.execute<{ _service: { sdl: string } }>('{ _service { sdl } }', {}, null, null);
    return data?._service.sdl ?? '';
  }

  /** Runs one operation as this viewer, and returns what would go over the wire. */
  async execute<Data>(
    query: string,
    variables: object,
    viewer: Viewer | null,
    idempotencyKey: string | null,
    ip = this.address,
  ) {
    const result = await this.executor.execute({
      query,
      variables: { ...variables },
      envelope: { requestId: randomUUID(), viewer, client: { ip, userAgent: 'test' }, idempotencyKey },
    });
    const { data, errors } = JSON.parse(JSON.stringify(result)) as { data?: Data | null; errors?: AnswerError[] };
    return { data: data ?? null, errors: errors ?? [] };
  }

  async stop(): Promise<void> {
    await this.stopWorker();
    await this.database.close();
    await this.drop();
  }
}

/** How many statements `work` sends to the database, those that set up a connection or a transaction left out. */
export async function countStatements(work: () => Promise<unknown>): Promise<number> {
  let statements = 0;
  const original = pg.Client.prototype.query;
  const counting = function (this: pg.Client, ...args: unknown[]) {
    const [query] = args;
    const text = typeof query === 'string' ? query : (query as { text?: string } | undefined)?.text;
    if (text && !/set_config|^(BEGIN|COMMIT)/i.test(text)) statements += 1;
    return Reflect.apply(original, this, args);
  };
  pg.Client.prototype.query = counting as typeof original;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = original;
  }
  return statements;
}
