import { buildSchema, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, type BenchClient, countStatements } from './identity-bench.fixture.ts';
import { permissions } from './permissions.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

describe('the first owner', () => {
  const FOUND =
    'mutation ($input: FoundInstallationInput!) { foundInstallation(input: $input) { userId organizationId } }';
  const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }';
  const input = { email: 'Owner@Example.com', password: 'tomato soup', name: 'Olga', organizationName: 'Works' };

  it('is made once, however many servers start together', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        bench.anonymous.ask<{ foundInstallation: { userId: string; organizationId: string } | null }>(FOUND, { input }),
      ),
    );
    const made = answers.flatMap(({ foundInstallation }) => foundInstallation ?? []);
    // Each is told of the same, so that any of them can go on where another was cut off.
    expect(made).toHaveLength(5);
    expect(new Set(made.map(({ userId, organizationId }) => `${userId} ${organizationId}`)).size).toBe(1);
    await bench.anonymous.ask(FOUND, { input: { ...input, password: 'a later start' } });
    const early = { email: 'owner@example.com', password: 'tomato soup' };
    const refused = await bench.anonymous.refused(LOG_IN, { input: early });
    expect(refused.extensions.code).toBe('UNAUTHENTICATED');
    await bench.anonymous.ask(FOUND, { input });
    const owner = await bench.logIn({ email: 'owner@example.com', password: 'tomato soup' });
    expect([owner.userId, owner.orgId]).toEqual([made[0]?.userId, made[0]?.organizationId]);
    expect(await owner.client.ask('{ viewer { role { id } } }')).toEqual({ viewer: { role: { id: 'OWNER' } } });
    expect(await bench.anonymous.ask(FOUND, { input: { ...input, email: 'second@example.com' } })).toEqual({
      foundInstallation: null,
    });
  });
});

describe('the rules', () => {
  it('cover every field of every type, and nothing that is not there', async () => {
    const schema = buildSchema(await bench.sdl(), { assumeValidSDL: true });
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith('_')
        ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
        : [],
    );
    const ruled = Object.entries(permissions).flatMap(([type, rules]) =>
      Object.keys(rules).map((field) => `${type}.${field}`),
    );
    expect(ruled.sort()).toEqual(fields.filter((field) => !/^Query\._/.test(field)).sort());
  });

  it('keep what is for the gateway and the server out of the public schema', async () => {
    const sdl = await bench.sdl();
    for (const name of ['authenticate', 'recheckCredentials', 'foundInstallation']) {
      expect(sdl).toMatch(new RegExp(`  ${name}\\(.*\\): .* @inaccessible`));
    }
  });

  it('let nobody without a credential past the fields that are for logging in', async () => {
    for (const query of [
      '{ organization { name } }',
      '{ organizations { nodes { id } } }',
      '{ sessions { nodes { id } } }',
      '{ roles { id } }',
      '{ permissions { name } }',
      '{ apiKeys { nodes { id } } }',
      '{ invitations { nodes { id } } }',
      '{ serviceAccounts { nodes { id } } }',
      '{ linkedAccounts { id } }',
      'mutation { logOut { sessionId } }',
      'mutation { createOrganization(input: { name: "x" }) { organization { id } } }',
      'mutation { updateOrganization(input: { name: "x" }) { organization { id } } }',
    ]) {
      expect((await bench.anonymous.refused(query)).extensions.code).toBe('UNAUTHENTICATED');
    }
    expect(await bench.anonymous.ask('{ viewer { permissions } logInProviders { id } }')).toEqual({
      viewer: null,
      logInProviders: [],
    });
  });

  it('keep members from what is for those who manage', async () => {
    const member = await bench.member(await bench.person(), 'MEMBER');
    for (const query of [
      '{ invitations { nodes { id } } }',
      '{ serviceAccounts { nodes { id } } }',
      'mutation { updateOrganization(input: { name: "x" }) { organization { id } } }',
      'mutation { createRole(input: { name: "x", permissions: ["agents:read"] }) { role { id } } }',
      'mutation { createServiceAccount(input: { name: "x", roleId: "VIEWER" }) { serviceAccount { id } } }',
      'mutation { createInvitation(input: { email: "x@example.com", roleId: "VIEWER" }) { token } }',
    ]) {
      expect((await member.client.refused(query)).extensions.code).toBe('FORBIDDEN');
    }
  });
});

describe('entities', () => {
  const resolve = async (client: BenchClient, __typename: string, id: string) => {
    const { _entities } = await client.ask<{ _entities: unknown[] }>(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) {
        ... on User { id name email } ... on Organization { id name } } }`,
      { representations: [{ __typename, id }] },
    );
    return _entities[0];
  };

  it('are those of the viewer’s organization, and of nobody else', async () => {
    const owner = await bench.person();
    const member = await bench.member(owner, 'MEMBER', 'Bob');
    const stranger = await bench.person('Eve');
    expect(await resolve(owner.client, 'User', member.userId)).toMatchObject({ name: 'Bob', email: member.email });
    expect(await resolve(member.client, 'User', owner.userId)).toEqual({ id: owner.userId, name: 'Ada', email: null });
    expect(await resolve(member.client, 'Organization', owner.orgId)).toMatchObject({ id: owner.orgId });
    for (const client of [stranger.client, bench.anonymous]) {
      expect(await resolve(client, 'User', member.userId)).toBeNull();
      expect(await resolve(client, 'Organization', owner.orgId)).toBeNull();
      expect(await resolve(client, 'User', 'not an id')).toBeNull();
    }
  });

  it('keep the names of those who have left', async () => {
    const owner = await bench.person();
    const member = await bench.member(owner, 'MEMBER', 'Bob');
    await member.client.ask('mutation { leaveOrganization { leftOrganizationId } }');
    expect(await resolve(owner.client, 'User', member.userId)).toMatchObject({ name: 'Bob' });
  });

  it('are read together', async () => {
    const owner = await bench.person();
    const people = [owner, await bench.member(owner, 'MEMBER'), await bench.member(owner, 'VIEWER')];
    const query =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { name } } }';
    const count = (ids: string[]) =>
      countStatements(() =>
        owner.client.ask(query, { representations: ids.map((id) => ({ __typename: 'User', id })) }),
      );
    const one = await count([owner.userId]);
    expect(await count(people.map(({ userId }) => userId))).toBe(one);
  });
});

describe('a request that is sent again after a crash', () => {
  it('has no second effect, and the first one’s secrets', async () => {
    const input = { email: 'again@example.com', password: 'tomato soup', name: 'Ada', organizationName: 'Works' };
    const signUp = 'mutation ($input: SignUpInput!) { signUp(input: $input) { refreshToken } }';
    const refresh = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { refreshToken } }';
    const twice = async <Data>(query: string, variables: object) => {
      const first = await bench.anonymous.ask<Data>(query, variables, query);
      expect(await bench.anonymous.ask<Data>(query, variables, query)).toEqual(first);
      return first;
    };
    const signedUp = await twice<{ signUp: { refreshToken: string } }>(signUp, { input });
    const refreshed = await twice<{ refreshSession: { refreshToken: string } }>(refresh, {
      input: { refreshToken: signedUp.signUp.refreshToken },
    });
    expect(refreshed.refreshSession.refreshToken).toMatch(/^prt_/);
    expect(await bench.database.system.user.count({ where: { email: input.email } })).toBe(1);
    const { client } = await bench.person();
    const key = 'mutation { createApiKey(input: { name: "x" }) { secret } }';
    expect(await client.ask(key, {}, 'key')).toEqual(await client.ask(key, {}, 'key'));
    expect(await client.ask('{ apiKeys { totalCount } }')).toEqual({ apiKeys: { totalCount: 1 } });
  });
});

describe('lists', () => {
  it('take as many statements for many rows as for one', async () => {
    const owner = await bench.person();
    const fill = async (email: string) => {
      await bench.member(owner, 'MEMBER');
      await bench.logIn(owner);
      await owner.client.ask('mutation { createApiKey(input: { name: "x" }) { secret } }');
      await owner.client.ask(
        'mutation { createServiceAccount(input: { name: "x", roleId: "VIEWER" }) { serviceAccount { id } } }',
      );
      const invite =
        'mutation ($email: String!) { createInvitation(input: { email: $email, roleId: "VIEWER" }) { token } }';
      await owner.client.ask(invite, { email });
    };
    const query = `{
      organization { members { totalCount nodes { role { name permissions } user { name } } } }
      apiKeys { totalCount nodes { principal { name } createdBy { name } } }
      invitations { totalCount nodes { role { name } invitedBy { name } } }
      serviceAccounts { totalCount nodes { role { name } } }
      sessions { totalCount nodes { organization { name } } }
    }`;
    const count = () => countStatements(() => owner.client.ask(query));
    await fill('one@example.com');
    const few = await count();
    for (const name of ['two', 'three', 'four']) await fill(`${name}@example.com`);
    expect(await count()).toBe(few);
  });
});
