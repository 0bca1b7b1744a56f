import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS } from '#core/permission';
import { type Client, Installation } from '../identity.fixture.ts';

const ROLE = 'id name builtIn description permissions';
const CREATE = `mutation ($input: CreateRoleInput!) { createRole(input: $input) { role { ${ROLE} } } }`;
const UPDATE = `mutation ($input: UpdateRoleInput!) { updateRole(input: $input) { role { ${ROLE} } } }`;
const DELETE = 'mutation ($roleId: ID!) { deleteRole(input: { roleId: $roleId }) { deletedRoleId } }';
const ROLES = `{ roles { ${ROLE} } }`;

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

interface Role {
  id: string;
  name: string;
  permissions: string[];
}
const create = async (client: Client, input: object) =>
  (await client.ask<{ createRole: { role: Role } }>(CREATE, { input })).createRole.role;
const names = async (client: Client) => (await client.ask<{ roles: Role[] }>(ROLES)).roles.map(({ name }) => name);
const refusal = async (client: Client, query: string, variables: object) =>
  (await client.refused(query, variables)).extensions;

describe('roles', () => {
  it('are the built-in ones, then those of the organization alone, by name', async () => {
    const owner = await installation.person();
    const stranger = await installation.person();
    await create(owner.client, { name: 'Reader', permissions: ['agents:read'] });
    await create(owner.client, {
      name: 'Author',
      description: 'Writes.',
      permissions: ['agents:read', 'agents:write'],
    });
    expect(await names(owner.client)).toEqual(['Owner', 'Admin', 'Member', 'Viewer', 'Author', 'Reader']);
    expect(await names(stranger.client)).toEqual(['Owner', 'Admin', 'Member', 'Viewer']);
  });

  it('are made of permissions that are listed with what they mean', async () => {
    const { client } = await installation.person();
    const { permissions } = await client.ask<{ permissions: { name: string; description: string }[] }>(
      '{ permissions { name description } }',
    );
    expect(permissions.map(({ name }) => name)).toEqual(ALL_PERMISSIONS);
    expect(permissions.every(({ description }) => description.endsWith('.'))).toBe(true);
  });

  it('give their members new permissions at once', async () => {
    const owner = await installation.person();
    const role = await create(owner.client, { name: 'Reader', permissions: ['agents:read'] });
    const member = await installation.member(owner, role.id);
    const permissions = async () =>
      (await member.client.ask<{ viewer: { permissions: string[] } }>('{ viewer { permissions } }')).viewer.permissions;
    expect(await permissions()).toEqual(['agents:read']);
    const changed = ['agents:read', 'conversations:read'];
    await owner.client.ask(UPDATE, { input: { roleId: role.id, permissions: changed } });
    expect(await permissions()).toEqual(changed);
  });

  it('allow nothing that whoever makes, changes or deletes them lacks', async () => {
    const owner = await installation.person();
    const admin = await installation.member(owner, 'ADMIN');
    const beyond = await create(owner.client, { name: 'Manager', permissions: ['organization:manage'] });
    const within = await create(admin.client, { name: 'Reader', permissions: ['agents:read'] });
    const forbidden = { code: 'FORBIDDEN' };
    expect(
      await refusal(admin.client, CREATE, { input: { name: 'X', permissions: ['organization:manage'] } }),
    ).toMatchObject(forbidden);
    const escalating = { roleId: within.id, permissions: ['organization:manage'] };
    expect(await refusal(admin.client, UPDATE, { input: escalating })).toMatchObject(forbidden);
    const crippling = { roleId: beyond.id, permissions: ['agents:read'] };
    expect(await refusal(admin.client, UPDATE, { input: crippling })).toMatchObject(forbidden);
    expect(await refusal(admin.client, DELETE, { roleId: beyond.id })).toMatchObject(forbidden);
  });

  it('have names of their own and permissions that there are', async () => {
    const { client } = await installation.person();
    const { id } = await create(client, { name: 'Reader', permissions: ['agents:read', 'agents:read'] });
    const input = { name: 'Reader', permissions: ['agents:read'] };
    expect(await refusal(client, CREATE, { input })).toMatchObject({
      code: 'CONFLICT',
      fields: [{ path: 'input.name' }],
    });
    for (const [wrong, path] of [
      [{ ...input, name: 'OWNER' }, 'input.name'],
      [{ ...input, name: 'New', permissions: [] }, 'input.permissions'],
      [{ ...input, name: 'New', permissions: ['agents:read', 'fly'] }, 'input.permissions.1'],
    ] as const) {
      expect(await refusal(client, CREATE, { input: wrong })).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path }],
      });
    }
    expect((await client.ask<{ roles: Role[] }>(ROLES)).roles.at(-1)).toMatchObject({
      id,
      permissions: ['agents:read'],
    });
  });

  it('cannot be deleted while a member has them or somebody is invited to them', async () => {
    const owner = await installation.person();
    const role = await create(owner.client, { name: 'Reader', permissions: ['agents:read'] });
    const member = await installation.member(owner, role.id);
    const { createInvitation } = await owner.client.ask<{ createInvitation: { invitation: { id: string } } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { invitation { id } } }',
      { input: { email: 'eve@example.com', roleId: role.id } },
    );
    expect(await refusal(owner.client, DELETE, { roleId: role.id })).toMatchObject({ code: 'CONFLICT' });
    await owner.client.ask(
      'mutation ($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { id } } }',
      {
        input: { memberId: member.memberId, roleId: 'VIEWER' },
      },
    );
    expect(await refusal(owner.client, DELETE, { roleId: role.id })).toMatchObject({ code: 'CONFLICT' });
    await owner.client.ask(
      'mutation ($input: RevokeInvitationInput!) { revokeInvitation(input: $input) { invitation { id } } }',
      {
        input: { invitationId: createInvitation.invitation.id },
      },
    );
    expect(await owner.client.ask(DELETE, { roleId: role.id })).toEqual({ deleteRole: { deletedRoleId: role.id } });
  });

  it('of others, and built-in ones, are not found where one is changed or deleted', async () => {
    const owner = await installation.person();
    const stranger = await installation.person();
    const { id } = await create(stranger.client, { name: 'Reader', permissions: ['agents:read'] });
    for (const roleId of [id, 'OWNER', 'not an id']) {
      expect(await refusal(owner.client, UPDATE, { input: { roleId, name: 'X' } })).toMatchObject({
        code: 'NOT_FOUND',
      });
      expect(await refusal(owner.client, DELETE, { roleId })).toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});
