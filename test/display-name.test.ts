import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import type { Person } from './support/seed.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let test: TestServer;
let owner: Person;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
});

/** Every field of the API that takes what something is called: mutation, argument, the rest of the input. */
const NAMES: [mutation: string, field: string, rest: Record<string, unknown>][] = [
  ['signUp', 'name', { email: 'new@example.com', password: 'tomato soup', organizationName: 'O' }],
  ['signUp', 'organizationName', { email: 'new@example.com', password: 'tomato soup', name: 'N' }],
  ['updateProfile', 'name', {}],
  ['createOrganization', 'name', {}],
  ['updateOrganization', 'name', {}],
  ['createRole', 'name', { permissions: ['agents:read'] }],
  ['updateRole', 'name', { roleId: newId() }],
  ['createApiKey', 'name', {}],
  ['createServiceAccount', 'name', { roleId: 'MEMBER' }],
  ['updateServiceAccount', 'name', { serviceAccountId: newId() }],
  ['createAgent', 'name', {}],
  ['updateAgentDraft', 'name', { agentId: newId() }],
  ['duplicateAgent', 'name', { agentId: newId() }],
  ['createConversation', 'title', {}],
  ['updateConversation', 'title', { conversationId: newId() }],
];

const change = (mutation: string) =>
  `mutation ($input: ${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { __typename } }`;

describe('what is called something', () => {
  it.each(NAMES)('%s: %s does not deceive', async (mutation, field, rest) => {
    for (const name of ['Ada\u202Enimda', 'Ada\u200B', 'Ada\nAdmin', '\u2066Ada', '\u3164', ' \u00A0 ', 'a\u0000b']) {
      const { code, fields } = (await owner.client.refusal(change(mutation), { input: { ...rest, [field]: name } }))
        .extensions;
      expect({ name, code, paths: fields?.map(({ path }) => path) }).toEqual({
        name,
        code: 'BAD_USER_INPUT',
        paths: [`input.${field}`],
      });
    }
  });

  it('nor does whoever accepts an invitation', async () => {
    const { createInvitation } = await owner.client.request<{ createInvitation: { token: string } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
      { input: { email: 'guest@example.com', roleId: 'MEMBER' } },
    );
    const input = { token: createInvitation.token, name: 'Ada\u202E', password: 'tomato soup' };
    const { extensions } = await test.client.refusal(change('acceptInvitation'), { input });
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.name' }] });
  });

  it('keeps its name in one form, with all that its script needs', async () => {
    const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { name } } }';
    for (const [given, kept] of [
      [' Zoe\u0308 ', 'Zoë'],
      ['می\u200Cخواهم', 'می\u200Cخواهم'],
      ['👩🏽\u200D🚀 ❤\uFE0F', '👩🏽\u200D🚀 ❤\uFE0F'],
    ]) {
      const { updateProfile } = await owner.client.request<{ updateProfile: { user: { name: string } } }>(update, {
        input: { name: given },
      });
      expect(updateProfile.user.name).toBe(kept);
    }
  });
});
