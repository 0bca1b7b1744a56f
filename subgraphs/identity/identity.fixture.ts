import { type Database, openDatabase } from '#core/database/database';
import { createLog } from '#core/log';
import type { AnswerError, TestClient } from '#test/support/client';
import { startTestServer } from '#test/support/server';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export const SESSION_FIELDS = `accessToken refreshToken expiresAt sessionExpiresAt viewer {
  user { id name email kind } organization { id name } role { id name } permissions credential { id kind }
}`;

/** Somebody with a credential, or without one, who speaks to the server from outside. */
export class Client {
  constructor(private readonly wire: TestClient) {}

  async send<Data>(query: string, variables: object = {}, idempotencyKey?: string) {
    const headers: Record<string, string> = idempotencyKey ? { 'idempotency-key': idempotencyKey } : {};
    const { data, errors } = await this.wire.send<Data>(query, { ...variables }, headers);
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
    const headers: Record<string, string> = idempotencyKey ? { 'idempotency-key': idempotencyKey } : {};
    return this.wire.request<Data>(query, { ...variables }, headers);
  }

  /** The one error of an operation that must be refused. */
  async refused(query: string, variables: object = {}): Promise<AnswerError> {
    const { data, errors } = await this.send(query, variables);
    const [error, ...others] = errors;
    if (!error || others.length > 0) throw new Error(`${JSON.stringify({ data, errors })} to ${query}`);
    return error;
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

/** A whole server, and people in it. */
export class Installation {
  readonly anonymous: Client;
  private people = 0;

  private constructor(
    private readonly wire: TestClient,
    /** For looking at what is kept, and for letting time pass. */
    readonly database: Database,
  ) {
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

  /** To be called in `afterAll`. */
  async stop(): Promise<void> {
    await this.database.close();
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
