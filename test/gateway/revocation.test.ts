import { decodeJwt, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from '../support/client.ts';
import type { Person, SeededRoom } from '../support/seed.ts';
import { startTestServer, TEST_SECRETS, type TestServer } from '../support/server.ts';
import { RawSocket } from './raw-socket.fixture.ts';

const FOLLOW = `subscription ($id: ID!, $after: String) {
  conversationEvents(conversationId: $id, after: $after) { __typename }
}`;
/** From the first event of a room on, so that a stream that is open shows it at once. */
const BEGINNING = Buffer.from('["e","0"]').toString('base64url');

let test: TestServer;
let owner: Person;
let room: SeededRoom;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
  room = await test.seed.room(owner);
  await mutate('mutation ($input: SendMessageInput!) { sendMessage INPUT { message { id } } }', {
    conversationId: room.id,
    text: 'Hello',
  });
}, 120_000);

/** A socket whose stream of the owner's room is open, for somebody who is in it: `userId` of an API key's user. */
const follow = async (
  token: string,
  userId = token.startsWith('pk_') ? owner.id : decodeJwt(token).sub,
): Promise<RawSocket> => {
  if (userId !== owner.id) {
    const add = 'mutation ($input: AddParticipantsInput!) { addParticipants INPUT { conversation { id } } }';
    await mutate(add, { conversationId: room.id, userIds: [userId] });
  }
  const socket = await RawSocket.init(test.url, { authorization: `Bearer ${token}` });
  const payload = { query: FOLLOW, variables: { id: room.id, after: BEGINNING } };
  await socket.say({ type: 'subscribe', id: 'room', payload });
  const { payload: first } = await socket.hear('next', 'room');
  expect(first).not.toHaveProperty('errors');
  return socket;
};

const createKey = async (caller: TestClient, input: Record<string, unknown>) => {
  const { createApiKey } = await caller.request<{ createApiKey: { secret: string; apiKey: { id: string } } }>(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }',
    { input: { name: 'a key', ...input } },
  );
  return { id: createApiKey.apiKey.id, secret: createApiKey.secret };
};

const mutate = (query: string, input: Record<string, unknown>) =>
  owner.client.request(query.replace('INPUT', '(input: $input)'), { input });

interface Ending {
  token: string;
  /** Whose key it is, where it is not the owner's. */
  userId?: string;
  end: () => Promise<unknown>;
  /** The credential goes on, with other permissions. */
  stillIn?: boolean;
}

/** What ends an open socket at once, and the code that its client is given. */
const ENDINGS: [string, RegExp, () => Promise<Ending>][] = [
  [
    'logging out',
    /^4403 /,
    async () => {
      const person = await test.seed.member(owner);
      return {
        token: String(person.client.token),
        end: () => person.client.request('mutation { logOut { sessionId } }'),
      };
    },
  ],
  [
    'a session revoked by an administrator',
    /^4403 /,
    async () => {
      const person = await test.seed.member(owner);
      const { sid } = decodeJwt<{ sid: string }>(String(person.client.token));
      const revoke = 'mutation ($input: RevokeSessionInput!) { revokeSession INPUT { revokedSessionId } }';
      return { token: String(person.client.token), end: () => mutate(revoke, { sessionId: sid }) };
    },
  ],
  [
    'a refresh token used twice',
    /^4403 /,
    async () => {
      const person = await test.seed.member(owner);
      const refresh = () =>
        test.client.send('mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken } }', {
          input: { refreshToken: person.refreshToken },
        });
      return { token: String(person.client.token), end: async () => [await refresh(), await refresh()] };
    },
  ],
  [
    'an API key revoked',
    /^4403 /,
    async () => {
      const { id, secret } = await createKey(owner.client, {});
      const revoke = 'mutation ($input: RevokeApiKeyInput!) { revokeApiKey INPUT { apiKey { id } } }';
      return { token: secret, end: () => mutate(revoke, { apiKeyId: id }) };
    },
  ],
  [
    'an API key that expires',
    /^4403 /,
    async () => {
      const expiresAt = new Date(Date.now() + 6_000).toISOString();
      const { secret } = await createKey(owner.client, { expiresAt });
      return { token: secret, end: async () => {} };
    },
  ],
  [
    'a member removed',
    /^4403 /,
    async () => {
      const person = await test.seed.member(owner);
      const id = await memberIdOf(person.id);
      const remove = 'mutation ($input: RemoveMemberInput!) { removeMember INPUT { removedMemberId } }';
      return { token: String(person.client.token), end: () => mutate(remove, { memberId: id }) };
    },
  ],
  [
    'a role changed',
    /^4205 /,
    async () => {
      const person = await test.seed.member(owner);
      const id = await memberIdOf(person.id);
      const change = 'mutation ($input: ChangeMemberRoleInput!) { changeMemberRole INPUT { member { id } } }';
      return {
        token: String(person.client.token),
        end: () => mutate(change, { memberId: id, roleId: 'VIEWER' }),
        stillIn: true,
      };
    },
  ],
  [
    'a permission taken from a custom role',
    /^4205 /,
    async () => {
      const { createRole } = await owner.client.request<{ createRole: { role: { id: string } } }>(
        'mutation ($input: CreateRoleInput!) { createRole(input: $input) { role { id } } }',
        { input: { name: 'Reader', permissions: ['conversations:read', 'agents:read'] } },
      );
      const person = await test.seed.member(owner, createRole.role.id);
      const update = 'mutation ($input: UpdateRoleInput!) { updateRole INPUT { role { id } } }';
      const less = { roleId: createRole.role.id, permissions: ['agents:read'] };
      return { token: String(person.client.token), end: () => mutate(update, less), stillIn: true };
    },
  ],
  [
    'a service account disabled',
    /^4403 /,
    async () => {
      const { createServiceAccount } = await owner.client.request<{
        createServiceAccount: { serviceAccount: { id: string } };
      }>(
        'mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) { serviceAccount { id } } }',
        { input: { name: 'A bot', roleId: 'MEMBER' } },
      );
      const { id } = createServiceAccount.serviceAccount;
      const { secret } = await createKey(owner.client, { principalId: id });
      const disable =
        'mutation ($input: DisableServiceAccountInput!) { disableServiceAccount INPUT { serviceAccount { id } } }';
      return { token: secret, userId: id, end: () => mutate(disable, { serviceAccountId: id }) };
    },
  ],
  [
    'an access token that expires',
    /^4403 /,
    async () => {
      const { sid, org, sub } = decodeJwt<{ sid: string; org: string }>(String(owner.client.token));
      const token = await new SignJWT({ sid, org })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
        .setIssuer('parley')
        .setAudience('parley')
        .setSubject(String(sub))
        .setIssuedAt()
        .setExpirationTime('6s')
        .sign(Buffer.from(TEST_SECRETS.tokenSecret, 'base64url'));
      return { token, end: async () => {} };
    },
  ],
];

async function memberIdOf(userId: string): Promise<string> {
  const { organization } = await owner.client.request<{
    organization: { members: { nodes: { id: string; user: { id: string } }[] } };
  }>('{ organization { members(first: 100) { nodes { id user { id } } } } }');
  return organization.members.nodes.find(({ user }) => user.id === userId)?.id ?? '';
}

describe('an open socket ends, and so do the requests', () => {
  it.concurrent.each(ENDINGS)(
    'after %s',
    async (_, ending, prepare) => {
      const { token, userId, end, stillIn = false } = await prepare();
      const socket = await follow(token, userId);
      await end();
      expect(await socket.end()).toMatch(ending);
      const { status } = await test.client.as(token).send('{ viewer { role { id } } }');
      expect(status).toBe(stillIn ? 200 : 401);
    },
    25_000,
  );

  it('while others are left alone', async () => {
    const bystander = await follow(String(owner.client.token));
    const person = await test.seed.member(owner);
    const socket = await follow(String(person.client.token));
    await person.client.request('mutation { logOut { sessionId } }');
    await socket.end();
    expect(bystander.ended).toBeNull();
    await bystander.say({ type: 'ping' });
    expect(await bystander.hear('pong')).toBeTruthy();
    bystander.close();
  });
});
