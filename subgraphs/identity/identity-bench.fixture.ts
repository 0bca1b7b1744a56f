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
import { createTestDatabase } from '#test/support/database';
import { createIdentity } from './index.ts';

/** One error as a client reads it. */
export interface ClientError {
  message: string;
  extensions: { code: string; fields?: { path: string; message: string }[]; retryAfterSeconds?: number };
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export interface SendOptions {
  /** Of requests that are the same one, sent again. */
  idempotencyKey?: string;
}

const AUTHENTICATE = `query ($credential: String!) {
  authenticate(credential: $credential) { userId userKind orgId role permissions credential { kind id expiresAt } }
}`;

export const SESSION_FIELDS = `accessToken refreshToken expiresAt sessionExpiresAt viewer {
  user { id name email kind } organization { id name } role { id name } permissions credential { id kind }
}`;

/** Somebody with a credential, or without one. What he sends goes the way that a gateway sends it. */
export class Client {
  constructor(
    private readonly bench: Bench,
    readonly credential: string | null,
    private readonly ip = '192.0.2.1',
  ) {}

  with(credential: string | null): Client {
    return new Client(this.bench, credential, this.ip);
  }

  from(ip: string): Client {
    return new Client(this.bench, this.credential, ip);
  }

  async send<Data>(
    query: string,
    variables: object = {},
    { idempotencyKey }: SendOptions = {},
  ): Promise<{ data: Data | null; errors: ClientError[] }> {
    const viewer = this.credential ? await this.authenticate(this.credential) : null;
    if (this.credential && !viewer) {
      return { data: null, errors: [{ message: 'Not let in.', extensions: { code: 'UNAUTHENTICATED' } }] };
    }
    return this.execute<Data>(query, variables, viewer, idempotencyKey ?? null);
  }

  /** Whether the credential opens anything. */
  async holds(): Promise<boolean> {
    return this.credential !== null && (await this.authenticate(this.credential)) !== null;
  }

  /** The data of an operation that must succeed. */
  async ask<Data>(query: string, variables: object = {}, options: SendOptions = {}): Promise<Data> {
    const { data, errors } = await this.send<Data>(query, variables, options);
    if (!data || errors.length > 0) throw new Error(`${JSON.stringify(errors)} to ${query}`);
    return data;
  }

  /** The one error of an operation that must be refused. */
  async refused(query: string, variables: object = {}, options: SendOptions = {}): Promise<ClientError> {
    const { data, errors } = await this.send(query, variables, options);
    const [error, ...others] = errors;
    if (!error || others.length > 0) throw new Error(`${JSON.stringify({ data, errors })} to ${query}`);
    return error;
  }

  private async authenticate(credential: string): Promise<Viewer | null> {
    const { data } = await this.execute<{ authenticate: Viewer | null }>(AUTHENTICATE, { credential }, null, null);
    return data?.authenticate ?? null;
  }

  private async execute<Data>(query: string, variables: object, viewer: Viewer | null, idempotencyKey: string | null) {
    const result = await this.bench.executor.execute({
      query,
      variables: { ...variables },
      envelope: { requestId: randomUUID(), viewer, client: { ip: this.ip, userAgent: 'test' }, idempotencyKey },
    });
    // As it comes out of the wire.
    const { data, errors } = JSON.parse(JSON.stringify(result)) as { data?: Data | null; errors?: ClientError[] };
    return { data: data ?? null, errors: errors ?? [] };
  }
}

export interface Person {
  client: Client;
  email: string;
  password: string;
  tokens: Tokens;
  userId: string;
  orgId: string;
  sessionId: string;
}

interface OpenedSession extends Tokens {
  viewer: { user: { id: string }; organization: { id: string }; credential: { id: string } };
}

/**
 * The identity subgraph alone, on a database of its own: for what only the gateway and the server see of it, and for
 * counting statements that nobody else makes.
 */
export class Bench {
  readonly changes: ViewerChange[] = [];
  private people = 0;

  private constructor(
    readonly executor: SubgraphExecutor,
    readonly kernel: Kernel,
    readonly sdl: string,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(variables: Record<string, string> = {}): Promise<Bench> {
    const { url, drop } = await createTestDatabase(inject('adminUrl'));
    const log = createLog({ level: process.env.TEST_LOG ?? 'silent', pretty: false });
    const database = await openDatabase({ url, log });
    const read = readEnvironment(variables);
    if ('problems' in read) throw new Error(read.problems.join(' '));
    const sealer = createSealer(Buffer.alloc(32, 1).toString('base64url'));
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
    const { schema } = await createIdentity(kernel);
    const executor = new SubgraphExecutor(schema, log);
    const service = await executor.execute({
      query: '{ _service { sdl } }',
      envelope: { requestId: '', viewer: null, client: { ip: null, userAgent: null }, idempotencyKey: null },
    });
    const { sdl } = (service.data as { _service: { sdl: string } })._service;
    const bench = new Bench(executor, kernel, sdl, drop);
    await onViewerChange(kernel.bus, (change) => bench.changes.push(change));
    return bench;
  }

  get database(): Database {
    return this.kernel.database;
  }

  get anonymous(): Client {
    return new Client(this, null);
  }

  client(credential: string): Client {
    return new Client(this, credential);
  }

  /** Somebody new, with an organization of his own. */
  async person(name = 'Ada'): Promise<Person> {
    const email = `${name.toLowerCase()}-${++this.people}@example.com`;
    const password = `the password of ${name}`;
    const input = { email, password, name, organizationName: `${name}’s` };
    const { signUp } = await this.anonymous.ask<{ signUp: OpenedSession }>(
      `mutation ($input: SignUpInput!) { signUp(input: $input) { ${SESSION_FIELDS} } }`,
      { input },
    );
    return this.opened(signUp, email, password);
  }

  /** Somebody new whom `host` has invited into his organization. */
  async member(host: Person, roleId: string, name = 'Bob'): Promise<Person & { memberId: string }> {
    const email = `${name.toLowerCase()}-${++this.people}@example.com`;
    const password = `the password of ${name}`;
    const { createInvitation } = await host.client.ask<{ createInvitation: { token: string } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
      { input: { email, roleId } },
    );
    const { acceptInvitation } = await this.anonymous.ask<{ acceptInvitation: OpenedSession }>(
      `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ${SESSION_FIELDS} } }`,
      { input: { token: createInvitation.token, name, password } },
    );
    const opened = this.opened(acceptInvitation, email, password);
    const membership = await this.database.system.membership.findFirstOrThrow({
      where: { orgId: opened.orgId, userId: opened.userId },
    });
    return { ...opened, memberId: membership.id };
  }

  async logIn({ email, password }: { email: string; password: string }): Promise<Person> {
    const { logIn } = await this.anonymous.ask<{ logIn: OpenedSession }>(
      `mutation ($input: LogInInput!) { logIn(input: $input) { ${SESSION_FIELDS} } }`,
      { input: { email, password } },
    );
    return this.opened(logIn, email, password);
  }

  /** The types of the events that the organization has had, in order. */
  async events(orgId: string): Promise<{ type: string; payload: unknown; actor: unknown }[]> {
    return this.database.system.outboxEvent.findMany({ where: { orgId }, orderBy: { id: 'asc' } });
  }

  async stop(): Promise<void> {
    await this.database.close();
    await this.drop();
  }

  private opened(session: OpenedSession, email: string, password: string): Person {
    const { accessToken, refreshToken, viewer } = session;
    return {
      client: this.client(accessToken),
      email,
      password,
      tokens: { accessToken, refreshToken },
      userId: viewer.user.id,
      orgId: viewer.organization.id,
      sessionId: viewer.credential.id,
    };
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
