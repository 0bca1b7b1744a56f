import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLES } from '#core/permission';
import { makeApiKey } from '../api-key/api-key-format.ts';
import { Bench, type BenchClient, countStatements, type Person } from '../identity-bench.fixture.ts';

const VIEWER = 'userId userKind orgId role permissions credential { kind id expiresAt }';
const AUTHENTICATE = `query ($credential: String!) { authenticate(credential: $credential) { ${VIEWER} } }`;
const RECHECK = `query ($credentials: [CredentialReference!]!) { recheckCredentials(credentials: $credentials) { ${VIEWER} } }`;
const CREATE_KEY = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

interface Found {
  userId: string;
  permissions: string[];
  credential: { id: string; expiresAt: number | null };
}
const authenticate = async (credential: string) =>
  (await bench.anonymous.ask<{ authenticate: Found | null }>(AUTHENTICATE, { credential })).authenticate;
const recheck = async (credentials: object[]) =>
  (await bench.anonymous.ask<{ recheckCredentials: (Found | null)[] }>(RECHECK, { credentials })).recheckCredentials;
const createKey = async (client: BenchClient, input: object = {}) => {
  const { createApiKey } = await client.ask<{ createApiKey: { secret: string; apiKey: { id: string } } }>(CREATE_KEY, {
    input: { name: 'x', ...input },
  });
  return { secret: createApiKey.secret, id: createApiKey.apiKey.id };
};

describe('authenticating', () => {
  it('tells everything about whoever stands behind an access token, until it expires', async () => {
    const { tokens, userId, orgId, sessionId } = await bench.person();
    const found = await authenticate(tokens.accessToken);
    expect(found).toMatchObject({
      userId,
      userKind: 'HUMAN',
      orgId,
      role: 'OWNER',
      permissions: BUILT_IN_ROLES.OWNER,
      credential: { kind: 'SESSION', id: sessionId },
    });
    const minutes = ((found?.credential.expiresAt ?? 0) - Date.now()) / 60_000;
    expect(Math.round(minutes)).toBe(15);
  });

  it('tells the same of an API key', async () => {
    const { client, userId, orgId } = await bench.person();
    const expiresAt = new Date(Date.now() + 3_600_000);
    const { secret, id } = await createKey(client, { scopes: ['agents:read'], expiresAt: expiresAt.toISOString() });
    expect(await authenticate(secret)).toEqual({
      userId,
      userKind: 'HUMAN',
      orgId,
      role: 'OWNER',
      permissions: ['agents:read'],
      credential: { kind: 'API_KEY', id, expiresAt: expiresAt.getTime() },
    });
  });

  it('knows no token that was not signed here, has run out, or says something else', async () => {
    const { tokens, userId, orgId, sessionId } = await bench.person();
    const other = await bench.person();
    const own = Buffer.from(bench.kernel.secrets.tokenSecret, 'base64url');
    const forge = (claims: object, key: Uint8Array = own, expires = '15m', alg = 'HS256') =>
      new SignJWT({ sid: sessionId, org: orgId, sub: userId, ...claims })
        .setProtectedHeader({ alg, typ: 'at+jwt' })
        .setIssuer('parley')
        .setAudience('parley')
        .setExpirationTime(expires)
        .sign(key);
    expect(await authenticate(await forge({}))).not.toBeNull();
    const [header = '', payload = '', signature = ''] = tokens.accessToken.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    for (const forged of [
      await forge({}, Buffer.alloc(32, 9)),
      await forge({}, own, '-1s'),
      await forge({}, Buffer.concat([own, own]), '15m', 'HS512'),
      await forge({ org: other.orgId }),
      await forge({ sub: other.userId }),
      await forge({ sid: 'not an id' }),
      await forge({ sid: undefined }),
      `${none}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -3)}abc`,
      tokens.refreshToken,
      makeApiKey().key,
      'junk',
      '',
    ]) {
      expect(await authenticate(forged)).toBeNull();
    }
  });

  it('takes one statement, and one more where the last use of a key is noted, at most once a minute', async () => {
    const { client, tokens } = await bench.person();
    expect(await countStatements(() => authenticate(tokens.accessToken))).toBe(1);
    const { secret, id } = await createKey(client);
    expect(await countStatements(() => authenticate(secret))).toBe(2);
    expect(await countStatements(() => authenticate(secret))).toBe(1);
    const noted = async () => (await bench.database.system.apiKey.findFirstOrThrow({ where: { id } })).lastUsedAt;
    const old = new Date(Date.now() - 61_000);
    await bench.database.system.apiKey.update({ where: { id }, data: { lastUsedAt: old } });
    await authenticate(secret);
    expect((await noted())?.getTime()).toBeGreaterThan(old.getTime());
  });

  it('does not ask the database about what cannot be a key', async () => {
    const { client } = await bench.person();
    const { secret } = await createKey(client);
    const mistyped = secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a');
    const statements = await countStatements(async () => {
      for (const junk of ['pk_', 'pk_junk', mistyped]) expect(await authenticate(junk)).toBeNull();
    });
    expect(statements).toBe(0);
  });
});

describe('looking again', () => {
  it('tells of any number in one statement, in their order, with what they may do now', async () => {
    const owner = await bench.person();
    const member = await bench.member(owner, 'MEMBER');
    const gone = await bench.logIn(owner);
    const key = await createKey(owner.client, { scopes: ['agents:read'] });
    await gone.client.ask('mutation { logOut { sessionId } }');
    await owner.client.ask(
      'mutation ($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { id } } }',
      { input: { memberId: member.memberId, roleId: 'VIEWER' } },
    );
    const references = [
      { kind: 'SESSION', id: member.sessionId },
      { kind: 'SESSION', id: gone.sessionId },
      { kind: 'API_KEY', id: key.id },
      { kind: 'API_KEY', id: owner.sessionId },
      { kind: 'SESSION', id: 'not an id' },
      { kind: 'SESSION', id: owner.sessionId },
      { kind: 'SESSION', id: member.sessionId },
    ];
    let found: (Found | null)[] = [];
    const statements = await countStatements(async () => {
      found = await recheck(references);
    });
    expect(statements).toBe(1);
    const whom = found.map((viewer) => viewer?.userId ?? null);
    expect(whom).toEqual([member.userId, null, owner.userId, null, null, owner.userId, member.userId]);
    expect(found[0]?.permissions).toEqual(BUILT_IN_ROLES.VIEWER);
    expect(found[2]?.permissions).toEqual(['agents:read']);
    expect(await recheck([])).toEqual([]);
  });
});

describe('what ends or narrows a credential is told to the gateways', () => {
  const CHANGE = 'mutation ($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { id } } }';
  const REMOVE = 'mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { removedMemberId } }';
  const REVOKE = 'mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { revokedSessionId } }';
  const PASSWORD = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { revokedSessions } }';

  it.each<[string, (owner: Person, member: Person) => Promise<unknown>]>([
    ['a log-out', (_, member) => member.client.ask('mutation { logOut { sessionId } }')],
    ['a revocation', (owner, member) => owner.client.ask(REVOKE, { input: { sessionId: member.sessionId } })],
    [
      'another role',
      async (owner, member) =>
        owner.client.ask(CHANGE, { input: { memberId: await bench.memberIdOf(member), roleId: 'VIEWER' } }),
    ],
    [
      'a removal',
      async (owner, member) => owner.client.ask(REMOVE, { input: { memberId: await bench.memberIdOf(member) } }),
    ],
    ['leaving', (_, member) => member.client.ask('mutation { leaveOrganization { leftOrganizationId } }')],
    [
      'another password',
      (_, member) =>
        member.client.ask(PASSWORD, { input: { currentPassword: member.password, newPassword: 'a better one' } }),
    ],
    [
      'a replay',
      async (_, member) => {
        const refresh = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken } }';
        const input = { refreshToken: member.tokens.refreshToken };
        await bench.anonymous.ask(refresh, { input });
        await bench.anonymous.refused(refresh, { input });
      },
    ],
    [
      'a revoked key',
      async (_, member) => {
        const { id } = await createKey(member.client);
        const revoke = 'mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { id } } }';
        await member.client.ask(revoke, { input: { apiKeyId: id } });
      },
    ],
  ])('%s', async (_name, act) => {
    const owner = await bench.person();
    const member = await bench.member(owner, 'MEMBER');
    bench.changes.length = 0;
    await act(owner, member);
    expect(bench.changes).toContainEqual(expect.objectContaining({ userId: member.userId }));
    expect(bench.changes.every(({ userId }) => userId === member.userId)).toBe(true);
  });

  it('a disabled service account', async () => {
    const { client, orgId } = await bench.person();
    const { createServiceAccount } = await client.ask<{ createServiceAccount: { serviceAccount: { id: string } } }>(
      'mutation { createServiceAccount(input: { name: "x", roleId: "VIEWER" }) { serviceAccount { id } } }',
    );
    const { id } = createServiceAccount.serviceAccount;
    const disable =
      'mutation ($input: DisableServiceAccountInput!) { disableServiceAccount(input: $input) { serviceAccount { id } } }';
    await client.ask(disable, { input: { serviceAccountId: id } });
    expect(bench.changes).toContainEqual({ orgId, userId: id });
  });

  it('a role with other permissions', async () => {
    const { client, orgId } = await bench.person();
    const { createRole } = await client.ask<{ createRole: { role: { id: string } } }>(
      'mutation { createRole(input: { name: "Reader", permissions: ["agents:read"] }) { role { id } } }',
    );
    await client.ask('mutation ($input: UpdateRoleInput!) { updateRole(input: $input) { role { id } } }', {
      input: { roleId: createRole.role.id, permissions: ['conversations:read'] },
    });
    expect(bench.changes).toContainEqual({ orgId });
  });
});
