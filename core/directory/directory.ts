import type pg from 'pg';
import type { Logger } from '#core/log';

/** How often a process says that it is up, and how long its word is taken, in milliseconds. */
export const BEAT_EVERY_MS = 3_000;
const TAKEN_FOR_MS = 10_000;

/** An address that refused us is passed over this long, unless there is no other. */
const AVOID_FOR_MS = 3_000;

export interface Instance {
  id: string;
  roles: string[];
  url: string | null;
  version: string;
}

export interface DirectoryOptions {
  /** The pool that crosses organizations. */
  pool: pg.Pool;
  log: Logger;
  self: Instance;
}

/**
 * The processes of an installation: each writes a beat into PostgreSQL, and finds the others there. What it last read
 * goes on serving while the database is away.
 */
export class Directory {
  private instances: Instance[] = [];
  private readonly avoided = new Map<string, number>();
  private readonly listeners = new Set<(instances: Instance[]) => void>();
  private timer: NodeJS.Timeout | null = null;
  private turn = 0;
  private beating: Promise<void> | null = null;

  constructor(private readonly options: DirectoryOptions) {}

  /** Sets where this process can be reached; null where it serves nobody. Takes effect with the next beat. */
  announce(url: string | null): void {
    this.options.self.url = url;
  }

  /** Registers this process and learns of the others. */
  async start(): Promise<void> {
    await this.beat();
    this.timer = setInterval(() => {
      this.beat().catch((error: unknown) => this.options.log.warn({ err: error }, 'the directory could not be read'));
    }, BEAT_EVERY_MS);
    this.timer.unref();
  }

  /** Takes this process out, so that nobody calls it any more. */
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    const { pool, self, log } = this.options;
    await pool.query('delete from service_instances where id = $1', [self.id]).catch((error: unknown) => {
      log.debug({ err: error }, 'this process was not taken out of the directory');
    });
  }

  /** Where a role can be reached now; a different instance at each call where there are several. */
  urlOf(role: string): string | undefined {
    const urls = this.instances.flatMap(({ roles, url }) => (url && roles.includes(role) ? [url] : []));
    const now = Date.now();
    const good = urls.filter((url) => (this.avoided.get(url) ?? 0) < now);
    const choice = good.length > 0 ? good : urls;
    this.turn += 1;
    return choice[this.turn % choice.length];
  }

  /** Says that an address did not answer. */
  avoid(url: string): void {
    this.avoided.set(url, Date.now() + AVOID_FOR_MS);
  }

  all(): readonly Instance[] {
    return this.instances;
  }

  /** Called when the instances have changed. Returns the function that ends it. */
  onChange(listener: (instances: Instance[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads the directory at once instead of at the next beat; those who ask at the same moment share one reading. */
  beat(): Promise<void> {
    this.beating ??= this.writeAndRead().finally(() => {
      this.beating = null;
    });
    return this.beating;
  }

  private async writeAndRead(): Promise<void> {
    const { pool, self } = this.options;
    await pool.query(
      `insert into service_instances (id, roles, url, version, beat_at) values ($1, $2, $3, $4, clock_timestamp())
       on conflict (id) do update set beat_at = excluded.beat_at, url = excluded.url`,
      [self.id, self.roles, self.url, self.version],
    );
    const { rows } = await pool.query<Instance>(
      `select id::text, roles, url, version from service_instances
       where beat_at > clock_timestamp() - make_interval(secs => $1) order by id`,
      [TAKEN_FOR_MS / 1000],
    );
    await pool.query("delete from service_instances where beat_at < clock_timestamp() - interval '1 hour'");
    const before = JSON.stringify(this.instances);
    this.instances = rows;
    if (JSON.stringify(rows) !== before) for (const listener of this.listeners) listener(rows);
  }
}
