import type pg from 'pg';
import type { RawTransaction } from './transaction.ts';

/** Sends a template's text with its values as parameters. */
function statement(strings: TemplateStringsArray, values: unknown[]): pg.QueryConfig {
  const text = strings.reduce((joined, part, index) => `${joined}$${index}${part}`);
  return { text, values };
}

/** The raw statements of a transaction straight on a connection, in the shape that Prisma's have. */
const onConnection = (client: pg.PoolClient): RawTransaction =>
  ({
    $queryRaw: async (strings: TemplateStringsArray, ...values: unknown[]) =>
      (await client.query(statement(strings, values))).rows,
    $executeRaw: async (strings: TemplateStringsArray, ...values: unknown[]) =>
      (await client.query(statement(strings, values))).rowCount ?? 0,
    $queryRawUnsafe: async (text: string, ...values: unknown[]) => (await client.query({ text, values })).rows,
  }) as unknown as RawTransaction;

/**
 * A transaction past the ORM, for the paths that every message takes: Prisma costs a millisecond of CPU a statement.
 * Only row-level security confines it: what its statements name comes from rows that were read behind both walls.
 */
export async function runDirectly<T>(pool: pg.Pool, work: (tx: RawTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(onConnection(client));
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is of no use to anybody.
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw error;
  }
}
