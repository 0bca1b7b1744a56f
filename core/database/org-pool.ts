import pg from 'pg';
import { requireOrgId } from './tenant.ts';

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

const orgOfClient = new WeakMap<pg.PoolClient, string>();

/**
 * A pool whose connections carry the organization of the work that asked for them in `app.org_id`, which row-level
 * security compares with `org_id`. It is set for the session and only where it differs, before any transaction begins
 * (a rollback would take it back). Outside of an organization there is no connection to be had.
 */
export class OrgPool extends pg.Pool {
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
    return prepare(await super.connect(), wanted);
  }
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
