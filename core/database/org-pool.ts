import pg from 'pg';
import { FairTurns } from './fair-turns.ts';
import { requireOrgId } from './tenant.ts';

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

/** Connections that no single organization gets. */
const SPARED = 2;

const orgOfClient = new WeakMap<pg.PoolClient, string>();

/**
 * A pool whose connections carry the organization of the work that asked for them in `app.org_id`, which row-level
 * security compares with `org_id`. It is set for the session and only where it differs, before any transaction begins
 * (a rollback would take it back). Outside of an organization there is no connection to be had, and none has all of them:
 * they are given in turn, so that a flood of one's work is waited for by that one alone.
 */
export class OrgPool extends pg.Pool {
  private readonly turns: FairTurns;

  constructor(config: pg.PoolConfig & { max: number }) {
    super(config);
    const { max, connectionTimeoutMillis: patienceMs = 5_000 } = config;
    this.turns = new FairTurns({ total: max, perGroup: Math.max(1, max - SPARED), patienceMs });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): undefined;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const prepared = this.connectInOrg();
    if (!callback) return prepared;
    prepared.then(
      (client) => callback(undefined, client, (error) => client.release(error)),
      (error: Error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  private async connectInOrg(): Promise<pg.PoolClient> {
    // Read before anything is waited for: this is the work that asked.
    const wanted = requireOrgId();
    const leave = await this.turns.take(wanted);
    try {
      const client = await super.connect();
      leaveAtRelease(client, leave);
      return await prepare(client, wanted);
    } catch (error) {
      leave();
      throw error;
    }
  }
}

/** The pool gives each client a new `release` with each loan. */
function leaveAtRelease(client: pg.PoolClient, leave: () => void): void {
  const release = client.release;
  client.release = (error) => {
    release.call(client, error);
    leave();
  };
}

async function prepare(client: pg.PoolClient, wanted: string): Promise<pg.PoolClient> {
  if (orgOfClient.get(client) === wanted) return client;
  try {
    await client.query({ name: 'set-org', text: "select set_config('app.org_id', $1, false)", values: [wanted] });
    orgOfClient.set(client, wanted);
    return client;
  } catch (error) {
    // What the session holds now is unknown: such a connection must not be used again.
    orgOfClient.delete(client);
    client.release(true);
    throw error;
  }
}
