import { type Database, openDatabase } from '#core/database/database';
import { createLog } from '#core/log';
import type { AnswerError, TestClient } from '#test/support/client';
import { startTestServer } from '#test/support/server';
import { People, type Person as PersonOf } from './people.fixture.ts';

export type Person = PersonOf<Client>;

/** Somebody with a credential, or without one, who speaks to the server from outside. */
export class Client {
  constructor(private readonly wire: TestClient) {}

  async send<Data>(query: string, variables: object = {}): Promise<{ data: Data | null; errors: AnswerError[] }> {
    const { data, errors } = await this.wire.send<Data>(query, { ...variables });
    return { data: data ?? null, errors: errors ?? [] };
  }

  /** Whether the credential opens anything. */
  async holds(): Promise<boolean> {
    const { data, errors } = await this.send<{ viewer: object | null }>('{ viewer { permissions } }');
    if (errors.length > 0 && errors[0]?.extensions.code !== 'UNAUTHENTICATED') throw new Error(JSON.stringify(errors));
    return data?.viewer != null;
  }

  /** The data of an operation that must succeed. */
  async ask<Data>(query: string, variables: object = {}, idempotencyKey?: string): Promise<Data> {
    return this.wire.request<Data>(
      query,
      { ...variables },
      idempotencyKey ? { 'idempotency-key': idempotencyKey } : {},
    );
  }

  /** The one error of an operation that must be refused. */
  async refused(query: string, variables: object = {}): Promise<AnswerError> {
    const { data, errors } = await this.send(query, variables);
    const [error, ...others] = errors;
    if (!error || others.length > 0) throw new Error(`${JSON.stringify({ data, errors })} to ${query}`);
    return error;
  }
}

/** A whole server, and people in it. */
export class Installation extends People<Client> {
  readonly anonymous: Client;

  private constructor(
    private readonly wire: TestClient,
    readonly database: Database,
  ) {
    super();
    this.anonymous = new Client(wire);
  }

  /** To be called in `beforeAll`: the server is stopped after the tests of the file or group. */
  static async start(variables: Record<string, string> = {}): Promise<Installation> {
    const { client, database } = await startTestServer(variables);
    const log = createLog({ level: 'silent', pretty: false });
    return new Installation(client, await openDatabase({ url: database.url, log, poolSize: 2 }));
  }

  client(credential: string): Client {
    return new Client(this.wire.as(credential));
  }

  /** To be called in `afterAll`. */
  async stop(): Promise<void> {
    await this.database.close();
  }
}
