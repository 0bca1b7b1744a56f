import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Installation } from '../identity.fixture.ts';
import { Bench } from '../identity-bench.fixture.ts';
import { follow } from './browser.fixture.ts';
import { OIDC_CLIENT, type OidcServer, startOidcServer } from './oidc-server.fixture.ts';
import { COMPLETE, FRONT_END, logInAt, REDIRECT_URI, START, travel } from './trip.fixture.ts';

let provider: OidcServer;
let installation: Installation;
const environment = () => ({
  ...FRONT_END,
  OIDC_ISSUER: provider.issuer,
  OIDC_CLIENT_ID: OIDC_CLIENT.id,
  OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
  OIDC_LABEL: 'Works',
});
beforeAll(async () => {
  provider = await startOidcServer([REDIRECT_URI]);
  installation = await Installation.start(environment());
});
afterAll(async () => {
  await installation.stop();
  await provider.close();
});

let visitors = 0;
beforeEach(() => {
  visitors += 1;
  provider.visitor = {
    sub: `visitor-${visitors}`,
    email: `visitor-${visitors}@works.example`,
    email_verified: true,
    name: 'Grace Hopper',
  };
});
const visitor = () => {
  if (!provider.visitor) throw new Error('There is nobody.');
  return provider.visitor;
};
const enter = () => logInAt(installation.anonymous, 'oidc');
const refusal = async (input: object) => (await installation.anonymous.refused(COMPLETE, { input })).extensions.code;
const users = () => installation.database.system.user.count();

describe('logging in with OpenID Connect', () => {
  it('is offered under the name that the operator gave it', async () => {
    expect(await installation.anonymous.ask('{ logInProviders { id name } }')).toEqual({
      logInProviders: [{ id: 'oidc', name: 'Works' }],
    });
  });

  it('gives somebody new an account and an organization, and knows him the next time', async () => {
    const first = await enter();
    expect(first.viewer).toMatchObject({
      user: { name: 'Grace Hopper', email: visitor().email },
      organization: { name: 'Grace Hopper’s organization' },
      role: { id: 'OWNER' },
    });
    provider.visitor = { ...visitor(), email: 'moved@works.example', name: 'Somebody Else' };
    const second = await enter();
    expect(second.viewer.user).toEqual(first.viewer.user);
    expect(second.viewer.organization).toEqual(first.viewer.organization);
    const types = (await installation.events(first.viewer.organization.id)).map(({ type }) => type);
    expect(types).toEqual(['organization.created', 'user.signed_up', 'session.started', 'session.started']);
  });

  it('makes one account of two first log-ins at the same moment', async () => {
    const trips = [await travel(installation.anonymous, 'oidc'), await travel(installation.anonymous, 'oidc')];
    const before = await users();
    await Promise.all(trips.map((input) => installation.anonymous.ask(COMPLETE, { input })));
    expect(await users()).toBe(before + 1);
  });

  it('asks the provider about itself once', async () => {
    await Promise.all([1, 2, 3].map(() => travel(installation.anonymous, 'oidc')));
    await enter();
    expect(provider.requests.get('/.well-known/openid-configuration')).toBe(1);
  });

  it('needs an e-mail address', async () => {
    provider.visitor = { sub: 'without an address', name: 'X' };
    const before = await users();
    expect(await refusal(await travel(installation.anonymous, 'oidc'))).toBe('CONFLICT');
    expect(await users()).toBe(before);
  });
});

describe('an account that is there already', () => {
  it('is entered with its verified address, and keeps its password where it was verified here as well', async () => {
    const person = await installation.person();
    await installation.database.system.user.update({
      where: { id: person.userId },
      data: { emailVerifiedAt: new Date() },
    });
    provider.visitor = { ...visitor(), email: person.email.toUpperCase() };
    const { viewer } = await enter();
    expect(viewer).toMatchObject({ user: { id: person.userId }, organization: { id: person.orgId } });
    expect(await person.client.holds()).toBe(true);
    expect((await installation.logIn(person)).userId).toBe(person.userId);
  });

  it('is handed over whole where its address was only claimed: nobody else keeps a way in', async () => {
    const squatter = await installation.person('Mallory');
    const { createApiKey } = await squatter.client.ask<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: { name: "x" }) { secret } }',
    );
    provider.visitor = { ...visitor(), email: squatter.email };
    const { viewer, accessToken } = await enter();
    expect(viewer.user.id).toBe(squatter.userId);
    expect(await squatter.client.holds()).toBe(false);
    expect(await installation.client(createApiKey.secret).holds()).toBe(false);
    await expect(installation.logIn(squatter)).rejects.toThrow(/UNAUTHENTICATED/);
    const client = installation.client(accessToken);
    await client.ask('mutation { changePassword(input: { newPassword: "a better password" }) { revokedSessions } }');
    const back = await installation.logIn({ email: squatter.email, password: 'a better password' });
    expect(back.userId).toBe(squatter.userId);
  });

  it('is not entered with an address that the provider has not verified', async () => {
    const person = await installation.person();
    for (const unverified of [false, undefined]) {
      const { email_verified: _, ...account } = visitor();
      provider.visitor = {
        ...account,
        email: person.email,
        ...(unverified !== undefined && { email_verified: unverified }),
      };
      const input = await travel(installation.anonymous, 'oidc');
      const error = await installation.anonymous.refused(COMPLETE, { input });
      expect(error.extensions.code).toBe('CONFLICT');
      expect(error.message).toMatch(/Log in with your password, then link/);
    }
    expect(await installation.database.system.externalIdentity.count({ where: { userId: person.userId } })).toBe(0);
    expect(await person.client.holds()).toBe(true);
  });

  it('that is disabled stays closed', async () => {
    const { viewer } = await enter();
    await installation.database.system.user.update({ where: { id: viewer.user.id }, data: { disabledAt: new Date() } });
    expect(await refusal(await travel(installation.anonymous, 'oidc'))).toBe('UNAUTHENTICATED');
  });
});

describe('an invitation that goes along', () => {
  const invite = async (email: string) => {
    const host = await installation.person();
    const { createInvitation } = await host.client.ask<{ createInvitation: { token: string } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
      { input: { email, roleId: 'MEMBER' } },
    );
    return { host, invitationToken: createInvitation.token };
  };

  it('leads into its organization, and no other one is made', async () => {
    const { host, invitationToken } = await invite(visitor().email ?? '');
    const { viewer } = await logInAt(installation.anonymous, 'oidc', { invitationToken });
    expect(viewer).toMatchObject({ organization: { id: host.orgId }, role: { id: 'MEMBER' } });
    const memberships = await installation.database.system.membership.count({ where: { userId: viewer.user.id } });
    expect(memberships).toBe(1);
  });

  it('is of no use to somebody with another address, who gets no account by it either', async () => {
    const { invitationToken } = await invite('somebody@else.example');
    const before = await users();
    expect(await refusal(await travel(installation.anonymous, 'oidc', { invitationToken }))).toBe('FORBIDDEN');
    expect(await users()).toBe(before);
  });
});

describe('a trip to the provider', () => {
  it('that is broken off ends in a sentence', async () => {
    provider.visitor = null;
    const input = await travel(installation.anonymous, 'oidc');
    const error = await installation.anonymous.refused(COMPLETE, { input });
    expect(error.extensions.code).toBe('UNAUTHENTICATED');
    expect(error.message).toBe('The log-in with Works was cancelled or denied.');
  });

  it('ends once, also when two try at the same moment', async () => {
    const input = await travel(installation.anonymous, 'oidc');
    const answers = await Promise.all([1, 2, 3].map(() => installation.anonymous.send(COMPLETE, { input })));
    const codes = answers.map(({ errors }) => errors[0]?.extensions.code ?? 'let in').sort();
    expect(codes).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED', 'let in']);
    expect(await refusal(input)).toBe('UNAUTHENTICATED');
  });

  it('cannot end with the answer to another one', async () => {
    const [mine, theirs] = [await travel(installation.anonymous, 'oidc'), await travel(installation.anonymous, 'oidc')];
    expect(await refusal({ attempt: mine.attempt, callbackUrl: theirs.callbackUrl })).toBe('UNAUTHENTICATED');
  });

  it('cannot end with the code of another one, whatever state it comes with', async () => {
    const [mine, theirs] = [await travel(installation.anonymous, 'oidc'), await travel(installation.anonymous, 'oidc')];
    const forged = new URL(theirs.callbackUrl);
    forged.searchParams.set('state', new URL(mine.callbackUrl).searchParams.get('state') ?? '');
    expect(await refusal({ attempt: mine.attempt, callbackUrl: forged.href })).toBe('UNAUTHENTICATED');
  });

  it('must end where it was to end', async () => {
    const { attempt, callbackUrl } = await travel(installation.anonymous, 'oidc');
    for (const elsewhere of [
      'junk',
      callbackUrl.replace('/log-in/', '/other/'),
      callbackUrl.replace('app.', 'evil.'),
    ]) {
      expect(await refusal({ attempt, callbackUrl: elsewhere })).toBe('BAD_USER_INPUT');
    }
    await installation.anonymous.ask(COMPLETE, { input: { attempt, callbackUrl } });
  });

  it('begins at a provider that there is, and ends on a page of this server', async () => {
    const begin = async (input: object) => (await installation.anonymous.refused(START, { input })).extensions;
    expect(await begin({ provider: 'github', redirectUri: REDIRECT_URI })).toMatchObject({ code: 'NOT_FOUND' });
    for (const redirectUri of [
      'https://evil.example/',
      'https://app.example\\@evil.example/',
      'https://user:secret@app.example/log-in/callback',
      `${REDIRECT_URI}#part`,
      'javascript:alert(1)',
      'junk',
      ` ${REDIRECT_URI}`,
      'https://app.example\n/log-in/callback',
    ]) {
      const { code, fields } = await begin({ provider: 'oidc', redirectUri });
      expect({ redirectUri, code, paths: fields?.map(({ path }) => path) }).toEqual({
        redirectUri,
        code: 'BAD_USER_INPUT',
        paths: ['input.redirectUri'],
      });
    }
  });

  it('takes the address to come back to in any spelling, and sends it on in one', async () => {
    const redirectUri = 'HTTPS://App.Example:443/x/../log-in/./callback';
    const { startOAuthLogIn } = await installation.anonymous.ask<{
      startOAuthLogIn: { authorizationUrl: string; attempt: string };
    }>(START, { input: { provider: 'oidc', redirectUri } });
    expect(new URL(startOAuthLogIn.authorizationUrl).searchParams.get('redirect_uri')).toBe(REDIRECT_URI);
    const callbackUrl = await follow(startOAuthLogIn.authorizationUrl, REDIRECT_URI);
    await installation.anonymous.ask(COMPLETE, { input: { attempt: startOAuthLogIn.attempt, callbackUrl } });
  });
});

describe('a provider that is away', () => {
  let away: OidcServer;
  let elsewhere: Bench;
  beforeAll(async () => {
    away = await startOidcServer([REDIRECT_URI]);
    elsewhere = await Bench.start({ ...environment(), OIDC_ISSUER: away.issuer });
  });
  afterAll(async () => {
    await elsewhere.stop();
    await away.close();
  });

  it('is reported as such, before and after the trip, and works again when it is back', async () => {
    const port = Number(new URL(away.issuer).port);
    await away.close();
    const start = { input: { provider: 'oidc', redirectUri: REDIRECT_URI } };
    expect((await elsewhere.anonymous.refused(START, start)).extensions.code).toBe('UNAVAILABLE');

    away = await startOidcServer([REDIRECT_URI], port);
    away.visitor = visitor();
    const input = await travel(elsewhere.anonymous, 'oidc');
    await away.close();
    const error = await elsewhere.anonymous.refused(COMPLETE, { input });
    expect(error.extensions.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(/^Works cannot be reached/);

    away = await startOidcServer([REDIRECT_URI], port);
    away.visitor = visitor();
    expect((await logInAt(elsewhere.anonymous, 'oidc')).viewer.user.email).toBe(visitor().email);
  });
});

describe('a provider that does not take this server’s secret', () => {
  let wrong: Bench;
  beforeAll(async () => {
    wrong = await Bench.start({ ...environment(), OIDC_CLIENT_SECRET: 'not the secret' });
  });
  afterAll(() => wrong.stop());

  it('is reported to be set up wrongly', async () => {
    const input = await travel(wrong.anonymous, 'oidc');
    const error = await wrong.anonymous.refused(COMPLETE, { input });
    expect(error.extensions.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(/not set up rightly/);
  });
});
