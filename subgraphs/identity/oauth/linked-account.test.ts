import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Installation } from '../identity.fixture.ts';
import { OIDC_CLIENT, type OidcServer, startOidcServer } from './oidc-server.fixture.ts';
import { FRONT_END, LINK, logInAt, REDIRECT_URI, travel } from './trip.fixture.ts';

const LINKED = '{ linkedAccounts { id provider email createdAt lastUsedAt } }';
const UNLINK = 'mutation ($id: ID!) { unlinkAccount(input: { linkedAccountId: $id }) { unlinkedAccountId } }';

let provider: OidcServer;
let installation: Installation;
beforeAll(async () => {
  provider = await startOidcServer([REDIRECT_URI]);
  installation = await Installation.start({
    ...FRONT_END,
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: OIDC_CLIENT.id,
    OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
  });
});
afterAll(async () => {
  await installation.stop();
  await provider.close();
});

let visitors = 0;
const visit = (email = `visitor-${visitors + 1}@works.example`, email_verified = true) => {
  visitors += 1;
  provider.visitor = { sub: `visitor-${visitors}`, email, email_verified, name: 'Grace' };
};
const linked = async (client: Client) =>
  (await client.ask<{ linkedAccounts: { id: string; email: string }[] }>(LINKED)).linkedAccounts;
const code = async (client: Client, query: string, variables: object) =>
  (await client.refused(query, variables)).extensions.code;

describe('linking an account', () => {
  it('makes it a way in, whatever its address and whether it is verified', async () => {
    const person = await installation.person();
    visit(person.email, false);
    await person.client.ask(LINK, { input: await travel(person.client, 'oidc') });
    expect(await linked(person.client)).toMatchObject([{ provider: 'oidc', email: person.email }]);
    expect((await logInAt(installation.anonymous, 'oidc')).viewer.user.id).toBe(person.userId);
    expect((await installation.events(person.orgId)).map(({ type }) => type)).toContain('linked_account.added');
  });

  it('is for whoever began it, while he was logged in', async () => {
    const [person, mallory] = [await installation.person(), await installation.person('Mallory')];
    visit();
    expect(await code(person.client, LINK, { input: await travel(mallory.client, 'oidc') })).toBe('FORBIDDEN');
    expect(await code(person.client, LINK, { input: await travel(installation.anonymous, 'oidc') })).toBe('FORBIDDEN');
    expect(await linked(person.client)).toEqual([]);
  });

  it('is refused where the account is somebody’s already', async () => {
    const [person, other] = [await installation.person(), await installation.person()];
    visit();
    await person.client.ask(LINK, { input: await travel(person.client, 'oidc') });
    expect(await code(other.client, LINK, { input: await travel(other.client, 'oidc') })).toBe('CONFLICT');
  });
});

describe('unlinking an account', () => {
  it('leaves a person who has a password with that', async () => {
    const person = await installation.person();
    visit();
    await person.client.ask(LINK, { input: await travel(person.client, 'oidc') });
    const [account] = await linked(person.client);
    await person.client.ask(UNLINK, { id: account?.id });
    expect(await linked(person.client)).toEqual([]);
    expect((await logInAt(installation.anonymous, 'oidc')).viewer.user.id).not.toBe(person.userId);
  });

  it('never takes the last way in, also when two are unlinked at the same moment', async () => {
    for (let round = 0; round < 4; round++) {
      visit();
      const { accessToken } = await logInAt(installation.anonymous, 'oidc');
      const client = installation.client(accessToken);
      const [first] = await linked(client);
      expect(await code(client, UNLINK, { id: first?.id })).toBe('CONFLICT');
      visit();
      await client.ask(LINK, { input: await travel(client, 'oidc') });
      const both = await linked(client);
      const answers = await Promise.all(both.map(({ id }) => client.send(UNLINK, { id })));
      expect(answers.map(({ errors }) => errors[0]?.extensions.code ?? 'unlinked').sort()).toEqual([
        'CONFLICT',
        'unlinked',
      ]);
      expect(await linked(client)).toHaveLength(1);
    }
  });

  it('finds no account of others', async () => {
    const [person, other] = [await installation.person(), await installation.person()];
    visit();
    await other.client.ask(LINK, { input: await travel(other.client, 'oidc') });
    const [account] = await linked(other.client);
    for (const id of [account?.id, 'not an id']) expect(await code(person.client, UNLINK, { id })).toBe('NOT_FOUND');
  });
});
