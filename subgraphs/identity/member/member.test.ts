import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Installation } from '../identity.fixture.ts';

const CHANGE = `mutation ($memberId: ID!, $roleId: ID!) {
  changeMemberRole(input: { memberId: $memberId, roleId: $roleId }) { member { id role { id } user { id } } } }`;
const REMOVE = 'mutation ($memberId: ID!) { removeMember(input: { memberId: $memberId }) { removedMemberId } }';
const LEAVE = 'mutation { leaveOrganization { leftOrganizationId } }';
const MEMBERS = `query ($first: Int, $after: String) {
  organization { members(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id joinedAt role { id name permissions } user { id name email } }
  } } }`;

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

interface Member {
  id: string;
  role: { id: string };
  user: { id: string; name: string; email: string | null };
}
interface Members {
  organization: {
    members: { totalCount: number; nodes: Member[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
  };
}
const members = async (client: Client, variables: object = {}) =>
  (await client.ask<Members>(MEMBERS, variables)).organization.members;
const code = async (client: Client, query: string, variables: object = {}) =>
  (await client.refused(query, variables)).extensions.code;

describe('the list of members', () => {
  it('comes page by page in the order in which they came', async () => {
    const owner = await installation.person('Ada');
    for (const name of ['Bob', 'Cyd', 'Dan']) await installation.member(owner, 'MEMBER', name);
    const first = await members(owner.client, { first: 3 });
    expect(first.nodes.map(({ user }) => user.name)).toEqual(['Ada', 'Bob', 'Cyd']);
    expect([first.totalCount, first.pageInfo.hasNextPage]).toEqual([4, true]);
    const second = await members(owner.client, { first: 3, after: first.pageInfo.endCursor });
    expect(second.nodes.map(({ user }) => user.name)).toEqual(['Dan']);
    expect(second.pageInfo.hasNextPage).toBe(false);
  });

  it('shows addresses to those who manage members, and to each his own', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const addresses = async (client: Client) => (await members(client)).nodes.map(({ user }) => user.email);
    expect(await addresses(owner.client)).toEqual([owner.email, member.email]);
    expect(await addresses(member.client)).toEqual([null, member.email]);
  });

  it('is not shown of an organization that the viewer is not working in', async () => {
    const { client } = await installation.person();
    await client.ask('mutation { createOrganization(input: { name: "Other" }) { organization { id } } }');
    const { data, errors } = await client.send('{ organizations { nodes { name members { nodes { id } } } } }');
    expect(data).toBeNull();
    expect(errors.map((error) => error.extensions.code)).toEqual(['FORBIDDEN']);
  });
});

describe('changing a role', () => {
  it('takes effect at once', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    await owner.client.ask(CHANGE, { memberId: member.memberId, roleId: 'ADMIN' });
    expect(await member.client.ask('{ viewer { role { id name } } }')).toEqual({
      viewer: { role: { id: 'ADMIN', name: 'Admin' } },
    });
    expect((await installation.events(owner.orgId)).at(-1)).toMatchObject({
      type: 'member.role_changed',
      payload: { userId: member.userId, from: 'MEMBER', to: 'ADMIN' },
      actor: { userId: owner.userId, credentialId: owner.sessionId },
    });
  });

  it('cannot reach above oneself', async () => {
    const owner = await installation.person();
    const admin = await installation.member(owner, 'ADMIN');
    const member = await installation.member(owner, 'MEMBER');
    const ownerMemberId = await installation.memberIdOf(owner);
    expect(await code(admin.client, CHANGE, { memberId: member.memberId, roleId: 'OWNER' })).toBe('FORBIDDEN');
    expect(await code(admin.client, CHANGE, { memberId: admin.memberId, roleId: 'OWNER' })).toBe('FORBIDDEN');
    expect(await code(admin.client, CHANGE, { memberId: ownerMemberId, roleId: 'MEMBER' })).toBe('FORBIDDEN');
    expect(await code(admin.client, REMOVE, { memberId: ownerMemberId })).toBe('FORBIDDEN');
    expect(await code(member.client, CHANGE, { memberId: member.memberId, roleId: 'ADMIN' })).toBe('FORBIDDEN');
    await owner.client.ask(CHANGE, { memberId: member.memberId, roleId: 'OWNER' });
  });

  it('finds neither members nor roles of others', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const stranger = await installation.person();
    const { createRole } = await stranger.client.ask<{ createRole: { role: { id: string } } }>(
      'mutation { createRole(input: { name: "Reader", permissions: ["agents:read"] }) { role { id } } }',
    );
    for (const memberId of [await installation.memberIdOf(stranger), 'not an id']) {
      expect(await code(owner.client, CHANGE, { memberId, roleId: 'VIEWER' })).toBe('NOT_FOUND');
      expect(await code(owner.client, REMOVE, { memberId })).toBe('NOT_FOUND');
    }
    for (const roleId of [createRole.role.id, 'not an id']) {
      expect(await code(owner.client, CHANGE, { memberId: member.memberId, roleId })).toBe('NOT_FOUND');
    }
  });
});

describe('leaving', () => {
  it('ends sessions and keys in the organization, and keeps the name of who has left', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER', 'Bob');
    const { createApiKey } = await member.client.ask<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: { name: "x" }) { secret } }',
    );
    await owner.client.ask(REMOVE, { memberId: member.memberId });
    expect(await member.client.holds()).toBe(false);
    expect(await installation.client(createApiKey.secret).holds()).toBe(false);
    expect((await members(owner.client)).totalCount).toBe(1);
    const refused = await installation.anonymous.refused(
      'mutation ($input: LogInInput!) { logIn(input: $input) { accessToken } }',
      { input: { email: member.email, password: member.password } },
    );
    expect(refused.extensions.code).toBe('FORBIDDEN');
    expect(
      await owner.client.ask(
        'query ($filter: ApiKeyFilter) { apiKeys(filter: $filter) { nodes { principal { name email } } } }',
        { filter: { principalId: member.userId, includeRevoked: true } },
      ),
    ).toEqual({ apiKeys: { nodes: [{ principal: { name: 'Bob', email: member.email } }] } });
  });

  it('is for everybody but the last owner', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const ownerMemberId = await installation.memberIdOf(owner);
    expect(await code(owner.client, LEAVE)).toBe('CONFLICT');
    expect(await code(owner.client, CHANGE, { memberId: ownerMemberId, roleId: 'ADMIN' })).toBe('CONFLICT');
    expect(await code(owner.client, REMOVE, { memberId: ownerMemberId })).toBe('CONFLICT');
    await member.client.ask(LEAVE);
    expect(await member.client.holds()).toBe(false);
    const heir = await installation.member(owner, 'OWNER');
    await owner.client.ask(LEAVE);
    expect((await members(heir.client)).nodes.map(({ user }) => user.id)).toEqual([heir.userId]);
  });

  it('can be followed by coming back, without the old keys', async () => {
    const owner = await installation.person();
    const guest = await installation.person('Grace');
    const join = async () => {
      const { createInvitation } = await owner.client.ask<{ createInvitation: { token: string } }>(
        'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
        { input: { email: guest.email, roleId: 'MEMBER' } },
      );
      const { acceptInvitation } = await guest.client.ask<{ acceptInvitation: { accessToken: string } }>(
        'mutation ($token: String!) { acceptInvitation(input: { token: $token }) { accessToken } }',
        { token: createInvitation.token },
      );
      return installation.client(acceptInvitation.accessToken);
    };
    const before = await join();
    const { createApiKey } = await before.ask<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: { name: "x" }) { secret } }',
    );
    await before.ask(LEAVE);
    expect(await guest.client.holds()).toBe(true);
    const after = await join();
    expect(await after.holds()).toBe(true);
    expect(await before.holds()).toBe(false);
    expect(await installation.client(createApiKey.secret).holds()).toBe(false);
  });
});

describe('the last owner, when two owners act at the same moment', () => {
  const owners = (orgId: string) =>
    installation.database.system.membership.count({ where: { orgId, builtInRole: 'OWNER' } });

  it.each([
    ['both leave', (_: string) => LEAVE, (_: string) => ({})],
    ['each demotes the other', (_: string) => CHANGE, (other: string) => ({ memberId: other, roleId: 'MEMBER' })],
    ['each removes the other', (_: string) => REMOVE, (other: string) => ({ memberId: other })],
  ])('remains where %s', async (_name, query, variables) => {
    for (let round = 0; round < 6; round++) {
      const first = await installation.person();
      const second = await installation.member(first, 'OWNER');
      const [ofFirst, ofSecond] = [await installation.memberIdOf(first), second.memberId];
      const answers = await Promise.all([
        first.client.send(query(ofSecond), variables(ofSecond)),
        second.client.send(query(ofFirst), variables(ofFirst)),
      ]);
      expect(await owners(first.orgId)).toBe(1);
      expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
    }
  });
});
