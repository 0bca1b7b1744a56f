import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Installation } from '../identity.fixture.ts';

const KEY = 'id name prefix scopes expiresAt lastUsedAt revokedAt principal { id name } createdBy { id }';
const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { ${KEY} } } }`;
const REVOKE = `mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { apiKey { ${KEY} } } }`;
const LIST = `query ($filter: ApiKeyFilter, $first: Int, $after: String) {
  apiKeys(filter: $filter, first: $first, after: $after) { totalCount nodes { ${KEY} } pageInfo { hasNextPage endCursor } }
}`;

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  lastUsedAt: string | null;
  revokedAt: string | null;
}
const create = async (client: Client, input: object = {}) =>
  (await client.ask<{ createApiKey: { secret: string; apiKey: Key } }>(CREATE, { input: { name: 'CI', ...input } }))
    .createApiKey;
interface KeyList {
  apiKeys: { totalCount: number; nodes: Key[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}
const list = async (client: Client, variables: object = {}) => (await client.ask<KeyList>(LIST, variables)).apiKeys;
const viewerOf = async (client: Client) =>
  (
    await client.ask<{ viewer: { user: { id: string }; permissions: string[]; credential: { id: string } } }>(
      '{ viewer { user { id } permissions credential { id kind } } }',
    )
  ).viewer;

describe('API keys', () => {
  it('act as who made them and are shown once', async () => {
    const { client, userId, orgId } = await installation.person();
    const { secret, apiKey } = await create(client);
    expect(apiKey).toMatchObject({ name: 'CI', scopes: [], principal: { id: userId }, createdBy: { id: userId } });
    expect(secret.startsWith(`${apiKey.prefix}_`)).toBe(true);
    expect(await viewerOf(installation.client(secret))).toMatchObject({
      user: { id: userId },
      credential: { id: apiKey.id, kind: 'API_KEY' },
    });
    const kept = JSON.stringify([
      await installation.database.system.apiKey.findMany(),
      await installation.events(orgId),
      await list(client),
    ]);
    expect(kept).not.toContain(secret);
  });

  it('are narrowed to their scopes, and to what their user may do at the time', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'ADMIN');
    const { secret } = await create(member.client, { scopes: ['agents:read', 'members:manage'] });
    const key = installation.client(secret);
    expect((await viewerOf(key)).permissions).toEqual(['members:manage', 'agents:read']);
    await owner.client.ask(
      'mutation ($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { id } } }',
      { input: { memberId: member.memberId, roleId: 'VIEWER' } },
    );
    expect((await viewerOf(key)).permissions).toEqual(['agents:read']);
  });

  it('never allow more than who makes them, and are made by no other key, which they would outlive', async () => {
    const owner = await installation.person();
    const { secret } = await create(owner.client, { scopes: ['api_keys:manage', 'agents:read'] });
    const refusal = async (client: Client, input: object) =>
      (await client.refused(CREATE, { input: { name: 'x', ...input } })).extensions;
    for (const input of [{ scopes: ['agents:read'] }, { scopes: ['agents:write'] }, {}]) {
      expect(await refusal(installation.client(secret), input)).toMatchObject({ code: 'FORBIDDEN' });
    }

    const member = await installation.member(owner, 'MEMBER');
    expect(await refusal(member.client, { scopes: ['agents:read', 'members:manage'] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.scopes.1' }],
    });
    const onlooker = await installation.member(owner, 'VIEWER');
    expect(await refusal(onlooker.client, {})).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('refuse unknown scopes, a time that has passed, and other people', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const refusal = async (input: object) =>
      (await owner.client.refused(CREATE, { input: { name: 'x', ...input } })).extensions;
    expect(await refusal({ scopes: ['agents:read', 'fly'] })).toMatchObject({ fields: [{ path: 'input.scopes.1' }] });
    expect(await refusal({ expiresAt: '2020-01-01T00:00:00Z' })).toMatchObject({
      fields: [{ path: 'input.expiresAt' }],
    });
    for (const principalId of [member.userId, (await installation.person()).userId, 'nobody']) {
      expect(await refusal({ principalId })).toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('open nothing once they are revoked, at once, and revoking again changes nothing', async () => {
    const { client, orgId } = await installation.person();
    const { secret, apiKey } = await create(client);
    expect(await installation.client(secret).holds()).toBe(true);
    await client.ask(REVOKE, { id: apiKey.id });
    expect(await installation.client(secret).holds()).toBe(false);
    const again = await client.ask<{ revokeApiKey: { apiKey: Key } }>(REVOKE, { id: apiKey.id });
    expect(again.revokeApiKey.apiKey.revokedAt).not.toBeNull();
    const revocations = (await installation.events(orgId)).filter(({ type }) => type === 'api_key.revoked');
    expect(revocations).toHaveLength(1);
  });

  it('open nothing once they have expired', async () => {
    const { client } = await installation.person();
    const { secret, apiKey } = await create(client, { expiresAt: new Date(Date.now() + 60_000).toISOString() });
    const past = new Date(Date.now() - 1_000);
    await installation.database.system.apiKey.update({ where: { id: apiKey.id }, data: { expiresAt: past } });
    expect(await installation.client(secret).holds()).toBe(false);
  });

  it('give the same secret to a request that is sent again', async () => {
    const { client, userId } = await installation.person();
    const send = () => client.ask<{ createApiKey: { secret: string } }>(CREATE, { input: { name: 'x' } }, userId);
    const [first, second] = [await send(), await send()];
    expect(second).toEqual(first);
    expect((await list(client)).totalCount).toBe(1);
  });
});

describe('the list of API keys', () => {
  it('comes page by page, the newest first', async () => {
    const { client } = await installation.person();
    for (const name of ['one', 'two', 'three', 'four', 'five']) await create(client, { name });
    const names: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 3; page++) {
      const { nodes, pageInfo, totalCount }: KeyList['apiKeys'] = await list(client, { first: 2, after });
      names.push(...nodes.map(({ name }) => name));
      expect([totalCount, pageInfo.hasNextPage]).toEqual([5, page < 2]);
      after = pageInfo.endCursor;
    }
    expect(names).toEqual(['five', 'four', 'three', 'two', 'one']);
    for (const [variables, path] of [
      [{ first: 101 }, 'first'],
      [{ first: -1 }, 'first'],
      [{ after: 'nonsense' }, 'after'],
    ] as const) {
      expect((await client.refused(LIST, variables)).extensions).toMatchObject({ fields: [{ path }] });
    }
  });

  it('shows members their own keys and managers those of the whole organization, never another’s', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const stranger = await installation.person();
    const { apiKey: ofOwner } = await create(owner.client, { name: 'owner' });
    const { apiKey: ofMember } = await create(member.client, { name: 'member' });
    const { apiKey: foreign } = await create(stranger.client, { name: 'foreign' });
    const names = async (client: Client, filter?: object) =>
      (await list(client, { filter })).nodes.map(({ name }) => name);
    expect(await names(member.client)).toEqual(['member']);
    expect(await names(owner.client)).toEqual(['member', 'owner']);
    expect(await names(owner.client, { principalId: member.userId })).toEqual(['member']);
    expect(await names(owner.client, { principalId: stranger.userId })).toEqual([]);
    for (const id of [ofOwner.id, foreign.id, 'not an id']) {
      expect((await member.client.refused(REVOKE, { id })).extensions.code).toBe('NOT_FOUND');
    }
    await owner.client.ask(REVOKE, { id: ofMember.id });
    expect(await names(owner.client)).toEqual(['owner']);
    expect(await names(owner.client, { includeRevoked: true })).toEqual(['member', 'owner']);
  });
});
