import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;

/**
 * What the schema engine reaches PostgreSQL through: the stock adapter, mended where migrations need it.
 */
export class EngineAdapter extends PrismaPg {
  /** What PostgreSQL said of the last script that failed: the engine's own error does not tell. */
  failure: unknown;
  readonly #pool: CatalogPool;
  readonly #url: string;

  /** @param pool Of `url`. */
  constructor(pool: CatalogPool, url: string) {
    super(pool);
    this.#pool = pool;
    this.#url = url;
  }

  override async connect() {
    return this.#mend(await super.connect(), this.#pool);
  }

  /**
   * An empty database beside that of the URL, dropped when the engine is done with it. The stock adapter names it next to
   * the connection string, which wins: it would hand out the very database that must stay as it is.
   */
  override async connectToShadowDb() {
    const name = `parley_shadow_${randomUUID().replaceAll('-', '')}`;
    const own = await this.connect();
    // From template0: what an administrator has put into the other template is not in the migrations.
    await own.executeScript(`CREATE DATABASE ${name} TEMPLATE template0`);
    const pool = openPool(siblingUrl(this.#url, name));
    const shadow = this.#mend(await new PrismaPg(pool).connect(), pool);
    shadow.dispose = async () => {
      await pool.end();
      await own.executeScript(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    };
    return shadow;
  }

  #mend(adapter: Adapter, pool: CatalogPool): Adapter {
    // The stock adapter cuts a script at every semicolon, those in function bodies too, and runs the pieces one by one. Sent
    // whole, PostgreSQL runs it as one implicit transaction: a migration happens or does not.
    adapter.executeScript = async (script) => {
      try {
        await pool.query(script);
      } catch (error) {
        this.failure = error;
        throw error;
      }
    };
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const column of pool.lettersIn(result.rows)) result.columnTypes[column] = ColumnTypeEnum.Character;
      return result;
    };
    return adapter;
  }
}

/**
 * PostgreSQL's catalog has columns of the one-letter type "char", which the stock adapter refuses to read: the engine could
 * describe no database that has a foreign key. They pass through it as text, and are known by their rows afterwards.
 */
class CatalogPool extends pg.Pool {
  readonly #letters = new WeakMap<object, number[]>();

  /** Which columns of these rows are letters. */
  lettersIn(rows: object): number[] {
    return this.#letters.get(rows) ?? [];
  }

  override query = (async (...args: unknown[]) => {
    const result: pg.QueryResult | pg.QueryResult[] = await Reflect.apply(super.query, this, args);
    for (const { rows, fields } of [result].flat()) {
      const letters = [...fields.keys()].filter((column) => fields[column]?.dataTypeID === pg.types.builtins.CHAR);
      for (const column of letters) Object.assign(fields[column] ?? {}, { dataTypeID: pg.types.builtins.TEXT });
      this.#letters.set(rows, letters);
    }
    return result;
  }) as pg.Pool['query'];
}

function siblingUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Connections for one use of the engine; the caller ends them. */
export function openPool(url: string): CatalogPool {
  const pool = new CatalogPool({ connectionString: url, application_name: 'parley-migrate' });
  // A connection that breaks while it is idle is replaced; without a listener it would end the process.
  pool.on('error', () => {});
  return pool;
}
