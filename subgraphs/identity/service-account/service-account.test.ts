import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Installation } from '../identity.fixture.ts';

const ACCOUNT = 'id name role { id } createdAt disabledAt';
const CREATE = `mutation ($name: String!, $roleId: ID!) {
  createServiceAccount(input: { name: $name, roleId: $roleId }) { serviceAccount { ${ACCOUNT} } } }`;
const UPDATE = `mutation ($input: UpdateServiceAccountInput!) { updateServiceAccount(input: $input) { serviceAccount { ${ACCOUNT} } } }`;
const DISABLE = `mutation ($id: ID!) { disableServiceAccount(input: { serviceAccountId: $id }) { serviceAccount { ${ACCOUNT} } } }`;
const ENABLE = `mutation ($id: ID!) { enableServiceAccount(input: { serviceAccountId: $id }) { serviceAccount { ${ACCOUNT} } } }`;
const LIST = `{ serviceAccounts { totalCount nodes { ${ACCOUNT} } } }`;
const KEY = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }';

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

interface Account {
  id: string;
  name: string;
  disabledAt: string | null;
}
const create = async (client: Client, roleId = 'MEMBER', name = 'robot') =>
  (await client.ask<{ createServiceAccount: { serviceAccount: Account } }>(CREATE, { name, roleId }))
    .createServiceAccount.serviceAccount;
const keyFor = async (client: Client, principalId: string) => {
  const input = { name: 'key', principalId };
  const { createApiKey } = await client.ask<{ createApiKey: { secret: string } }>(KEY, { input });
  return installation.client(createApiKey.secret);
};
const code = async (client: Client, query: string, variables: object = {}) =>
  (await client.refused(query, variables)).extensions.code;

describe('a service account', () => {
  it('acts through keys that others make for it', async () => {
    const owner = await installation.person();
    const robot = await create(owner.client);
    const key = await keyFor(owner.client, robot.id);
    expect(await key.ask('{ viewer { user { id kind name email } organization { id } role { id } } }')).toEqual({
      viewer: {
        user: { id: robot.id, kind: 'SERVICE', name: 'robot', email: null },
        organization: { id: owner.orgId },
        role: { id: 'MEMBER' },
      },
    });
  });

  it('is listed apart from people', async () => {
    const owner = await installation.person();
    const [one, two] = [await create(owner.client, 'MEMBER', 'one'), await create(owner.client, 'VIEWER', 'two')];
    expect(await owner.client.ask(LIST)).toMatchObject({
      serviceAccounts: { totalCount: 2, nodes: [{ id: one.id }, { id: two.id, role: { id: 'VIEWER' } }] },
    });
    expect(await owner.client.ask('{ organization { members { nodes { user { id } } } } }')).toEqual({
      organization: { members: { nodes: [{ user: { id: owner.userId } }] } },
    });
  });

  it('opens nothing while it is disabled', async () => {
    const owner = await installation.person();
    const robot = await create(owner.client);
    const key = await keyFor(owner.client, robot.id);
    expect(await key.holds()).toBe(true);
    await owner.client.ask(DISABLE, { id: robot.id });
    expect(await key.holds()).toBe(false);
    expect(await code(owner.client, KEY, { input: { name: 'x', principalId: robot.id } })).toBe('NOT_FOUND');
    await owner.client.ask(ENABLE, { id: robot.id });
    expect(await key.holds()).toBe(true);
  });

  it('can be renamed and given another role, which holds at once', async () => {
    const owner = await installation.person();
    const robot = await create(owner.client);
    const key = await keyFor(owner.client, robot.id);
    const input = { serviceAccountId: robot.id, name: 'Rosie', roleId: 'VIEWER' };
    expect(await owner.client.ask(UPDATE, { input })).toMatchObject({
      updateServiceAccount: { serviceAccount: { name: 'Rosie', role: { id: 'VIEWER' } } },
    });
    expect(await key.ask('{ viewer { role { id } } }')).toEqual({ viewer: { role: { id: 'VIEWER' } } });
  });

  it('is never an owner and never more than whoever makes it', async () => {
    const owner = await installation.person();
    const { createRole } = await owner.client.ask<{ createRole: { role: { id: string } } }>(
      'mutation ($input: CreateRoleInput!) { createRole(input: $input) { role { id } } }',
      { input: { name: 'Keeper', permissions: ['service_accounts:manage', 'agents:read'] } },
    );
    const keeper = await installation.member(owner, createRole.role.id);
    const robot = await create(owner.client, 'ADMIN');
    const own = await create(keeper.client, createRole.role.id);
    expect(await code(owner.client, CREATE, { name: 'x', roleId: 'OWNER' })).toBe('BAD_USER_INPUT');
    expect(await code(keeper.client, CREATE, { name: 'x', roleId: 'MEMBER' })).toBe('FORBIDDEN');
    expect(await code(keeper.client, UPDATE, { input: { serviceAccountId: own.id, roleId: 'ADMIN' } })).toBe(
      'FORBIDDEN',
    );
    expect(await code(keeper.client, UPDATE, { input: { serviceAccountId: robot.id, roleId: 'VIEWER' } })).toBe(
      'FORBIDDEN',
    );
    expect(await code(keeper.client, DISABLE, { id: robot.id })).toBe('FORBIDDEN');
    expect(await code(keeper.client, KEY, { input: { name: 'x', principalId: robot.id } })).toBe('FORBIDDEN');
    expect(await (await keyFor(keeper.client, own.id)).holds()).toBe(true);
  });

  it('of another organization is not found, nor is a person', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const stranger = await installation.person();
    const foreign = await create(stranger.client);
    for (const id of [foreign.id, member.userId, 'not an id']) {
      expect(await code(owner.client, DISABLE, { id })).toBe('NOT_FOUND');
      expect(await code(owner.client, UPDATE, { input: { serviceAccountId: id, name: 'x' } })).toBe('NOT_FOUND');
    }
    expect(await code(member.client, LIST)).toBe('FORBIDDEN');
  });
});
