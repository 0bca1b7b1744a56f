import type pg from 'pg';
import type { Dialect } from '#core/model/dialect.fixture';
import type { TestClient } from './client.ts';
import { atFileEnd } from './file-end.ts';
import { ScriptedModel } from './scripted-model.ts';
import { ServerProcess } from './server-process.ts';
import { openPool } from './stream-audit.ts';

/** A server to be killed and started again, with what stands around it. */
export interface DoomedServer {
  server: ServerProcess;
  /** Of the owner of the installation. */
  client: TestClient;
  /** The model that its agents have. */
  model: ScriptedModel;
  /** The database beneath, past every wall. */
  database: pg.Pool;
}

/** Starts all of it; it is gone behind the file's tests. */
export async function startDoomedServer(
  variables: Record<string, string> = {},
  dialect?: Dialect,
): Promise<DoomedServer> {
  const model = await ScriptedModel.start(dialect);
  atFileEnd(() => model.stop());
  const server = await ServerProcess.create({ ...model.variables, ...variables });
  atFileEnd(() => server.remove());
  const database = openPool(await server.databaseUrl());
  atFileEnd(() => database.end());
  const client = await server.owner();
  atFileEnd(() => client.close());
  return { server, client, model, database };
}
