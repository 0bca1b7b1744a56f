import { randomUUID } from 'node:crypto';
import { graphql } from 'graphql';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '#core/database/database';
import { Transactions } from '#core/database/transaction';
import { createLog } from '#core/log';
import { ModelRegistry, type ModelRegistryOptions } from '#core/model/model-registry';
import { createPeers } from '#core/peer/create-peers';
import { BUILT_IN_ROLES, type BuiltInRoleName, type Permission } from '#core/permission';
import { type RequestContext, runInRequest } from '#core/request-context';
import { createSealer } from '#core/seal';
import type { Viewer } from '#core/viewer';
import { createTestDatabase } from '#test/support/database';
import type { KnownTools } from './definition-check.ts';
import { createAgents } from './index.ts';

/** One error as a client reads it. */
export interface ClientError {
  message: string;
  code: unknown;
  extensions: Record<string, unknown>;
}

/** Somebody who sends operations. */
export class Caller {
  constructor(
    private readonly bench: Bench,
    readonly viewer: Viewer | null,
  ) {}

  /** The data and errors of one operation. */
  async send<Data>(source: string, variables: object = {}): Promise<{ data: Data | null; errors: ClientError[] }> {
    const context: RequestContext = {
      requestId: randomUUID(),
      viewer: this.viewer,
      log: createLog({ level: 'silent', pretty: false }),
      client: { ip: '192.0.2.1', userAgent: null },
      idempotency: null,
      cache: new Map(),
    };
    const { data, errors = [] } = await runInRequest(context, () =>
      graphql({ schema: this.bench.schema, source, variableValues: { ...variables }, contextValue: context }),
    );
    return {
      data: (data ?? null) as Data | null,
      errors: errors.map(({ message, extensions }) => ({ message, code: extensions.code, extensions })),
    };
  }

  /** The data of an operation that must succeed. */
  async ask<Data>(source: string, variables: object = {}): Promise<Data> {
    const { data, errors } = await this.send<Data>(source, variables);
    if (!data || errors.length > 0) throw new Error(`${JSON.stringify(errors)} to ${source}`);
    return data;
  }

  /** The one error of an operation that must be refused. */
  async refused(source: string, variables: object = {}): Promise<ClientError> {
    const { data, errors } = await this.send(source, variables);
    const [error, ...others] = errors;
    if (!error || others.length > 0) throw new Error(`${JSON.stringify({ data, errors })} to ${source}`);
    return error;
  }
}

export interface Bench {
  schema: Awaited<ReturnType<typeof createAgents>>['schema'];
  database: Database;
  /** A new organization's member with a role or with just these permissions. */
  caller(role?: BuiltInRoleName | readonly Permission[], orgId?: string): Caller;
  anonymous: Caller;
  /** How many statements `work` sends to the database. */
  countStatements(work: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

/**
 * The agents subgraph alone, on a database of its own: for what the gateway shows to nobody, for counting statements, and
 * for model lists that change from one moment to the next.
 */
export async function startBench(modelOptions: ModelRegistryOptions = {}, tools?: KnownTools): Promise<Bench> {
  const { url, drop } = await createTestDatabase(inject('adminUrl'));
  const log = createLog({ level: 'silent', pretty: false });
  const database = await openDatabase({ url, log });
  const sealer = createSealer(Buffer.alloc(32, 1).toString('base64url'));
  const transactions = new Transactions(database, sealer, () => {});
  const models = new ModelRegistry(modelOptions);
  const { schema } = await createAgents({
    database,
    transactions,
    models,
    peers: createPeers({ local: new Map(), remote: null }),
    ...(tools && { tools }),
  });
  const bench: Bench = {
    schema,
    database,
    caller: (role = 'OWNER', orgId = randomUUID()) => new Caller(bench, viewerOf(role, orgId)),
    get anonymous() {
      return new Caller(bench, null);
    },
    countStatements,
    async stop() {
      await Promise.all([database.close(), models.close()]);
      await drop();
    },
  };
  return bench;
}

const viewerOf = (role: BuiltInRoleName | readonly Permission[], orgId: string): Viewer => ({
  userId: randomUUID(),
  userKind: 'HUMAN',
  orgId,
  role: typeof role === 'string' ? role : 'CUSTOM',
  permissions: typeof role === 'string' ? BUILT_IN_ROLES[role] : role,
  credential: { kind: 'SESSION', id: randomUUID(), expiresAt: null },
});

/** Statements on tables, as PostgreSQL's own log of them would have it: those of the pool's bookkeeping are left out. */
async function countStatements(work: () => Promise<unknown>): Promise<number> {
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
