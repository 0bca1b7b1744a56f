import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BackendFactory,
  type PgPool,
  type PgPoolClient,
  type PgQueryResult,
  PostgresConnection,
  PostgresQueueBackend,
  runMigrations,
} from 'bullmq';
import pg from 'pg';
import { isConnectionFailure } from '#core/database/failure';
import type { Logger } from '#core/log';
import type { JobBackend, JobBackendOptions } from './backend.ts';

/** BullMQ's tables live in a schema of their own. It is the one that BullMQ expects of a pool that it is given. */
const SCHEMA = 'bullmq';

/** How long an idle worker waits for a notification before it looks by itself, in seconds. */
const LONGEST_WAIT_S = 10;

/** For how long the database may be hard to reach while a process starts, in milliseconds. */
const START_PATIENCE_MS = 30_000;

type BackendOptions = ConstructorParameters<typeof PostgresQueueBackend>[2];

/**
 * Opens the connections through which all queues, or all workers, of this process use the jobs in PostgreSQL: a small
 * pool, of which workers keep one connection to listen on, however many kinds of job there are.
 */
export async function openPostgresBackend(
  url: string,
  side: JobBackendOptions['side'],
  log: Logger,
): Promise<JobBackend> {
  const pool = new pg.Pool({
    connectionString: url,
    max: side === 'worker' ? 5 : 3,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: `parley-jobs-${side}`,
    // A worker's claim or completion that a crash of the server undoes makes the job run again, which it must bear
    // anyhow: not waiting for the disk makes it start sooner. What a producer adds is durable.
    options: `-c search_path=${SCHEMA}${side === 'worker' ? ' -c synchronous_commit=off' : ''}`,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection of the job queue broke'));
  // One that is in use tells whoever uses it; without a listener it would end the process too.
  pool.on('connect', (client) => client.on('error', () => {}));
  const connection = new SharedConnection(lossAware(pool));
  // Backends come and go with queues; a loss of the connection concerns all of them.
  connection.setMaxListeners(0);
  connection.on('error', (error: Error) => log.debug({ err: error }, 'the connection of the job queue was lost'));
  try {
    await migrateOnce(pool);
    await connection.waitUntilReady();
  } catch (error) {
    await pool.end();
    throw error;
  }
  const factory: BackendFactory = (name, options) =>
    new PatientBackend(connection, name, options as unknown as BackendOptions);
  return {
    kind: 'postgres',
    connection: {},
    factory,
    isUp: () => true,
    async ping() {
      await pool.query('select 1');
    },
    async close() {
      await connection.closeForAll();
      await pool.end();
    },
  };
}

/** Processes that start together take turns, by a lock of BullMQ's own. */
async function migrateOnce(pool: pg.Pool): Promise<void> {
  const client = await connectAtLast(pool);
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
}

/** A start is in no hurry: a machine that starts everything at once is slow to answer. @throws what the last try met */
async function connectAtLast(pool: pg.Pool): Promise<pg.PoolClient> {
  const deadline = Date.now() + START_PATIENCE_MS;
  for (;;) {
    try {
      return await pool.connect();
    } catch (error) {
      if (!isConnectionFailure(error) || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

type ListenClient = Awaited<ReturnType<PostgresConnection['getListenClient']>>;

/** One connection for many backends: each of them would close it, but it outlives them. */
class SharedConnection extends PostgresConnection {
  private shared: { client: ListenClient; face: ListenClient } | undefined;

  override async getListenClient(): Promise<ListenClient> {
    const client = await super.getListenClient();
    if (this.shared?.client !== client) this.shared = { client, face: takingTurns(client) };
    return this.shared.face;
  }

  override async close(): Promise<void> {}

  closeForAll(): Promise<void> {
    return super.close();
  }
}

/** The client for several users at once: their statements wait for each other, and each may listen. */
function takingTurns(client: ListenClient): ListenClient {
  if (client instanceof pg.Client) setMaxListeners(0, client);
  let last: Promise<unknown> = Promise.resolve();
  const face: ListenClient = {
    query<R>(text: string, params?: readonly unknown[]) {
      const turn = last.then(() => client.query<R>(text, params));
      last = turn.catch(() => {});
      return turn;
    },
    on(event: 'notification' | 'error' | 'end', listener: (argument: never) => void) {
      client.on(event as 'end', listener as () => void);
      return face;
    },
    removeListener(event, listener) {
      client.removeListener(event, listener);
      return face;
    },
    removeAllListeners(event) {
      client.removeAllListeners(event);
      return face;
    },
  };
  return face;
}

class PatientBackend extends PostgresQueueBackend {
  /** A worker whose connection was lost would wait for an hour otherwise, if the notification was lost with it. */
  override get maximumBlockTimeout(): number {
    return LONGEST_WAIT_S;
  }
}

/**
 * The pool with every kind of lost connection told in the one way that BullMQ knows: it waits and tries again on
 * `ECONNREFUSED`, and takes anything else (a restart of PostgreSQL, say) for a failure of the job in hand.
 */
function lossAware(pool: pg.Pool): PgPool & { options: { keepAlive: boolean } } {
  const wrapped: PgPool & { options: { keepAlive: boolean } } = {
    options: { keepAlive: true },
    async connect() {
      try {
        return (await pool.connect()) as unknown as PgPoolClient;
      } catch (error) {
        throw asRefused(error);
      }
    },
    async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
      try {
        return await pool.query<R & pg.QueryResultRow>(text, params ? [...params] : undefined);
      } catch (error) {
        throw asRefused(error);
      }
    },
    end: () => pool.end(),
    on(event: 'error' | 'connect', listener: (argument: never) => void) {
      pool.on(event as 'error', listener as (error: Error) => void);
      return wrapped;
    },
    removeAllListeners(event?: string) {
      pool.removeAllListeners(event as 'error');
      return wrapped;
    },
  };
  return wrapped;
}

function asRefused(error: unknown): unknown {
  if (!isConnectionFailure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(message, { cause: error }), { code: 'ECONNREFUSED' });
}
