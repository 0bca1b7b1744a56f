import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Logger } from '#core/log';
import { PrismaClient } from '#prisma/generated/client';
import { OrgPool } from './org-pool.ts';
import { createScopedClient, type ScopedClient } from './scoped-client.ts';
import { runInOrg } from './tenant.ts';

export type SystemClient = PrismaClient;

export interface DatabaseOptions {
  url: string;
  log: Logger;
  /** Connections for work inside organizations; as many again at most for the work across them. */
  poolSize?: number;
}

/**
 * The database as a process sees it. `scoped` is for everything that a viewer asks for; `system` crosses organizations
 * and is for authentication, claiming work and the logs of the kernel.
 */
export interface Database {
  readonly url: string;
  readonly scoped: ScopedClient;
  readonly system: SystemClient;
  /** The pools beneath, for statements that go past the ORM. `scopedPool` must run inside `runInOrg`. */
  readonly scopedPool: OrgPool;
  readonly systemPool: pg.Pool;
  close(): Promise<void>;
}

/** How long a transaction may take, in milliseconds. */
const TRANSACTION_MS = 15_000;

/** Opens both pools and checks that the walls stand. @throws Error where they do not. */
export async function openDatabase({ url, log, poolSize = 12 }: DatabaseOptions): Promise<Database> {
  const shared = {
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Of a server that is there and silent nobody else would say that it no longer answers.
    query_timeout: 2 * TRANSACTION_MS,
    // A process that is paused in the middle of a transaction must not hold its locks against the others.
    idle_in_transaction_session_timeout: TRANSACTION_MS,
  };
  const scopedPool = new OrgPool({ ...shared, options: '-c role=parley_app', application_name: 'parley' });
  const systemPool = new pg.Pool({ ...shared, options: '-c role=parley_worker', application_name: 'parley-system' });
  for (const pool of [scopedPool, systemPool]) {
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'));
    // The pool listens only while a connection is idle: one that breaks between two statements of a transaction would
    // end the process as well. Whoever has it learns of it by its next statement.
    pool.on('connect', (client) => client.on('error', () => {}));
  }
  await assertWalls(scopedPool);
  const scoped = createScopedClient(scopedPool);
  const system = new PrismaClient({
    adapter: new PrismaPg(systemPool),
    transactionOptions: { maxWait: 5_000, timeout: TRANSACTION_MS },
  });
  return {
    url,
    scoped,
    system,
    scopedPool,
    systemPool,
    async close() {
      await Promise.all([scoped.$disconnect(), system.$disconnect()]);
      await Promise.all([scopedPool.end(), systemPool.end()]);
    },
  };
}

/** An organization that there is not: what is asked in its name concerns none. */
const NO_ORG = '00000000-0000-0000-0000-000000000000';

async function assertWalls(pool: OrgPool): Promise<void> {
  // A second copy of `pg` in the tree would make the adapter replace our pool by a plain one, silently.
  const adapter = await new PrismaPg(pool).connect();
  if (adapter.underlyingDriver() !== pool) throw new Error('Prisma does not use the pool that sets the organization.');
  const { rows } = await runInOrg(NO_ORG, () =>
    pool.query<{ role: string; bypass: boolean }>(
      'select current_user as role, rolsuper or rolbypassrls as bypass from pg_roles where rolname = current_user',
    ),
  );
  if (rows[0]?.role !== 'parley_app' || rows[0].bypass) {
    throw new Error('The database role of the application is not confined by row-level security.');
  }
}
