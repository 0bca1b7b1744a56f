import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../identity.fixture.ts';

const CHANGE = `mutation ($currentPassword: String, $newPassword: String!) {
  changePassword(input: { currentPassword: $currentPassword, newPassword: $newPassword }) { revokedSessions } }`;
const UPDATE = 'mutation ($name: String!) { updateProfile(input: { name: $name }) { user { id name email } } }';

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

describe('changing a password', () => {
  it('ends every other session, and the old password with them', async () => {
    const person = await installation.person();
    const [laptop, phone] = [await installation.logIn(person), await installation.logIn(person)];
    const newPassword = 'a better password';
    expect([await person.client.holds(), await phone.client.holds()]).toEqual([true, true]);
    expect(await laptop.client.ask(CHANGE, { currentPassword: person.password, newPassword })).toEqual({
      changePassword: { revokedSessions: 2 },
    });
    expect([await person.client.holds(), await phone.client.holds(), await laptop.client.holds()]).toEqual([
      false,
      false,
      true,
    ]);
    await expect(installation.logIn(person)).rejects.toThrow(/UNAUTHENTICATED/);
    expect((await installation.logIn({ email: person.email, password: newPassword })).userId).toBe(person.userId);
    expect(JSON.stringify(await installation.events(person.orgId))).not.toContain(newPassword);
  });

  it('needs the present one, which cannot be guessed there either', async () => {
    const { client } = await installation.person();
    const codes: string[] = [];
    for (let guess = 0; guess < 11; guess++) {
      const error = await client.refused(CHANGE, {
        currentPassword: `guess ${guess}`,
        newPassword: 'a better password',
      });
      codes.push(error.extensions.code);
      if (guess === 0) expect(error.extensions.fields).toMatchObject([{ path: 'input.currentPassword' }]);
    }
    expect(codes).toEqual([...Array<string>(10).fill('BAD_USER_INPUT'), 'RATE_LIMITED']);
  });

  it('needs a new one that is long enough', async () => {
    const { client, password } = await installation.person();
    const error = await client.refused(CHANGE, { currentPassword: password, newPassword: 'short' });
    expect(error.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.newPassword', message: 'It must have at least 8 characters.' }],
    });
  });
});

describe('the profile', () => {
  it('is the person’s to change', async () => {
    const { client, userId, email } = await installation.person();
    expect(await client.ask(UPDATE, { name: ' Ada Lovelace ' })).toEqual({
      updateProfile: { user: { id: userId, name: 'Ada Lovelace', email } },
    });
    expect((await client.refused(UPDATE, { name: '' })).extensions).toMatchObject({ fields: [{ path: 'input.name' }] });
  });
});

it('answers nobody outside what is for the gateway and the server', async () => {
  for (const query of [
    '{ authenticate(credential: "x") { userId } }',
    '{ recheckCredentials(credentials: []) { userId } }',
    'mutation { foundInstallation(input: { email: "a@example.com", password: "tomato soup", name: "a", organizationName: "b" }) { userId } }',
    '{ __type(name: "AuthenticatedViewer") { name fields { name } } _service { sdl } }',
  ]) {
    const { data, errors } = await installation.anonymous.send(query);
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toContain('BAD_USER_INPUT');
  }
});

it('closes what concerns the account as a whole to API keys', async () => {
  const person = await installation.person();
  const { createApiKey } = await person.client.ask<{ createApiKey: { secret: string } }>(
    'mutation { createApiKey(input: { name: "x" }) { secret } }',
  );
  const key = installation.client(createApiKey.secret);
  for (const [query, variables] of [
    [CHANGE, { currentPassword: person.password, newPassword: 'a better password' }],
    [UPDATE, { name: 'Mallory' }],
    ['{ sessions { nodes { id } } }', {}],
    ['{ organizations { nodes { id } } }', {}],
    ['{ linkedAccounts { id } }', {}],
    ['mutation { logOut { sessionId } }', {}],
    ['mutation { leaveOrganization { leftOrganizationId } }', {}],
    ['mutation { createOrganization(input: { name: "x" }) { organization { id } } }', {}],
    [
      'mutation ($id: ID!) { switchOrganization(input: { organizationId: $id }) { accessToken } }',
      { id: person.orgId },
    ],
    ['mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { revokedSessionId } }', { id: person.sessionId }],
    [
      'mutation ($id: ID!) { unlinkAccount(input: { linkedAccountId: $id }) { unlinkedAccountId } }',
      { id: person.orgId },
    ],
  ] as const) {
    expect((await key.refused(query, variables)).extensions.code).toBe('FORBIDDEN');
  }
  expect(await person.client.holds()).toBe(true);
});
