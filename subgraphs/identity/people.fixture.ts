import type { Database } from '#core/database/database';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export const SESSION_FIELDS = `accessToken refreshToken expiresAt sessionExpiresAt viewer {
  user { id name email kind } organization { id name } role { id name } permissions credential { id kind }
}`;

/** Somebody who can send an operation that must succeed. */
export interface Asker {
  ask<Data>(query: string, variables?: object): Promise<Data>;
}

export interface Person<C extends Asker> {
  client: C;
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

/** Makes people, through the API alone. */
export abstract class People<C extends Asker> {
  private count = 0;

  abstract readonly anonymous: C;
  /** For looking at what is kept, and for letting time pass. */
  abstract readonly database: Database;
  abstract client(credential: string): C;

  /** Somebody new, with an organization of his own. */
  async person(name = 'Ada'): Promise<Person<C>> {
    const { email, password } = this.somebody(name);
    const input = { email, password, name, organizationName: `${name}’s` };
    const { signUp } = await this.anonymous.ask<{ signUp: OpenedSession }>(
      `mutation ($input: SignUpInput!) { signUp(input: $input) { ${SESSION_FIELDS} } }`,
      { input },
    );
    return this.opened(signUp, email, password);
  }

  /** Somebody new whom `host` has invited into his organization. */
  async member(host: Person<C>, roleId: string, name = 'Bob'): Promise<Person<C> & { memberId: string }> {
    const { email, password } = this.somebody(name);
    const { createInvitation } = await host.client.ask<{ createInvitation: { token: string } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
      { input: { email, roleId } },
    );
    const { acceptInvitation } = await this.anonymous.ask<{ acceptInvitation: OpenedSession }>(
      `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ${SESSION_FIELDS} } }`,
      { input: { token: createInvitation.token, name, password } },
    );
    const opened = this.opened(acceptInvitation, email, password);
    return { ...opened, memberId: await this.memberIdOf(opened) };
  }

  async memberIdOf({ orgId, userId }: { orgId: string; userId: string }): Promise<string> {
    return (await this.database.system.membership.findFirstOrThrow({ where: { orgId, userId } })).id;
  }

  async logIn({ email, password }: { email: string; password: string }): Promise<Person<C>> {
    const { logIn } = await this.anonymous.ask<{ logIn: OpenedSession }>(
      `mutation ($input: LogInInput!) { logIn(input: $input) { ${SESSION_FIELDS} } }`,
      { input: { email, password } },
    );
    return this.opened(logIn, email, password);
  }

  /** The events that the organization has had, in order. */
  async events(orgId: string): Promise<{ type: string; payload: unknown; actor: unknown }[]> {
    return this.database.system.outboxEvent.findMany({ where: { orgId }, orderBy: { id: 'asc' } });
  }

  private somebody(name: string) {
    this.count += 1;
    return { email: `${name.toLowerCase()}-${this.count}@example.com`, password: `the password of ${name}` };
  }

  private opened({ accessToken, refreshToken, viewer }: OpenedSession, email: string, password: string): Person<C> {
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
