import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../identity.fixture.ts';
import { SESSION_FIELDS, type Tokens } from '../people.fixture.ts';

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { ${SESSION_FIELDS} } }`;
const LOG_IN = `mutation ($input: LogInInput!) { logIn(input: $input) { ${SESSION_FIELDS} } }`;
const LOG_OUT = 'mutation { logOut { sessionId } }';
const VIEWER =
  '{ viewer { user { id email } organization { id name } role { id } permissions credential { id kind } } }';

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

interface Viewer {
  user: { id: string; name: string; email: string };
  organization: { id: string; name: string };
  role: { id: string };
  permissions: string[];
  credential: { id: string; kind: string };
}
type Opened = Tokens & { viewer: Viewer };

const newcomer = (email: string) => ({ email, password: 'correct horse', name: 'Ada', organizationName: 'Engines' });

describe('signing up', () => {
  it('makes a person the owner of an organization and logs him in', async () => {
    const { signUp } = await installation.anonymous.ask<{ signUp: Opened }>(SIGN_UP, {
      input: newcomer('  Ada@Example.COM '),
    });
    expect(signUp.viewer).toMatchObject({
      user: { name: 'Ada', email: 'ada@example.com' },
      organization: { name: 'Engines' },
      role: { id: 'OWNER' },
    });
    expect(signUp.refreshToken).toMatch(/^prt_/);
    const { viewer } = await installation.client(signUp.accessToken).ask<{ viewer: Viewer }>(VIEWER);
    expect(viewer.user.id).toBe(signUp.viewer.user.id);
    const events = await installation.events(viewer.organization.id);
    expect(events.map(({ type }) => type)).toEqual(['organization.created', 'user.signed_up', 'session.started']);
    const said = JSON.stringify(events);
    for (const secret of ['correct horse', signUp.refreshToken, signUp.accessToken]) expect(said).not.toContain(secret);
  });

  it('refuses an address that has an account, at its field', async () => {
    await installation.anonymous.ask(SIGN_UP, { input: newcomer('taken@example.com') });
    const error = await installation.anonymous.refused(SIGN_UP, { input: newcomer('TAKEN@example.com') });
    expect(error.extensions).toMatchObject({ code: 'CONFLICT', fields: [{ path: 'input.email' }] });
  });

  it('makes one account of two sign-ups at once', async () => {
    const both = await Promise.all(
      [1, 2].map(() =>
        installation.anonymous.send<{ signUp: Opened }>(SIGN_UP, { input: newcomer('twice@example.com') }),
      ),
    );
    expect(both.map(({ errors }) => errors.map((error) => error.extensions.code)).sort()).toEqual([[], ['CONFLICT']]);
  });

  it('names every field that is wrong', async () => {
    const input = { email: 'nobody', password: 'short', name: '  ', organizationName: 'a\u0000b' };
    const { extensions } = await installation.anonymous.refused(SIGN_UP, { input });
    expect(extensions.code).toBe('BAD_USER_INPUT');
    expect(extensions.fields?.map(({ path }) => path)).toEqual([
      'input.email',
      'input.password',
      'input.name',
      'input.organizationName',
    ]);
  });

  it('returns the same session to a request that is sent again', async () => {
    const send = () =>
      installation.anonymous.ask<{ signUp: Opened }>(SIGN_UP, { input: newcomer('again@example.com') }, 'one-request');
    const [first, second] = [await send(), await send()];
    expect(second.signUp.refreshToken).toBe(first.signUp.refreshToken);
    expect(second.signUp.viewer).toEqual(first.signUp.viewer);
  });

  it('keeps no password and no token in readable form', async () => {
    const { email, password, tokens } = await installation.person();
    const { passwordHash } = await installation.database.system.user.findFirstOrThrow({ where: { email } });
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const kept = await installation.database.system.refreshToken.findMany();
    expect(JSON.stringify({ passwordHash, kept })).not.toContain(tokens.refreshToken);
    expect(passwordHash).not.toContain(password);
  });
});

describe('logging in', () => {
  it('tells a wrong password and an unknown address in the same words', async () => {
    const { email } = await installation.person();
    const wrong = await installation.anonymous.refused(LOG_IN, { input: { email, password: 'not this one' } });
    const unknown = await installation.anonymous.refused(LOG_IN, {
      input: { email: 'nobody@example.com', password: 'not this one' },
    });
    expect(wrong.extensions.code).toBe('UNAUTHENTICATED');
    expect(unknown).toEqual(wrong);
  });

  it('goes on where the person was last, or where he asks to be', async () => {
    const host = await installation.person();
    const { client, email, password, orgId } = await installation.person('Grace');
    const { createInvitation } = await host.client.ask<{ createInvitation: { token: string } }>(
      'mutation ($input: CreateInvitationInput!) { createInvitation(input: $input) { token } }',
      { input: { email, roleId: 'MEMBER' } },
    );
    await client.ask('mutation ($token: String!) { acceptInvitation(input: { token: $token }) { accessToken } }', {
      token: createInvitation.token,
    });
    const orgOf = async (input: object) =>
      (await installation.anonymous.ask<{ logIn: Opened }>(LOG_IN, { input: { email, password, ...input } })).logIn
        .viewer.organization.id;
    expect(await orgOf({})).toBe(host.orgId);
    expect(await orgOf({ organizationId: orgId })).toBe(orgId);
    expect(await orgOf({})).toBe(orgId);
    const stranger = await installation.person();
    for (const organizationId of [stranger.orgId, 'not an id']) {
      const error = await installation.anonymous.refused(LOG_IN, { input: { email, password, organizationId } });
      expect(error.extensions.code).toBe('FORBIDDEN');
    }
  });

  it('stops guesses at one account, also when they come all at once, and nobody else', async () => {
    const { email } = await installation.person();
    const guesses = await Promise.all(
      Array.from({ length: 15 }, (_, guess) =>
        installation.anonymous.refused(LOG_IN, { input: { email, password: `guess number ${guess}` } }),
      ),
    );
    const codes = guesses.map((error) => error.extensions.code);
    expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(10);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(5);
    const limited = guesses.find((error) => error.extensions.code === 'RATE_LIMITED');
    expect(limited?.extensions.retryAfterSeconds).toBeGreaterThan(0);
    const other = await installation.person();
    expect((await installation.logIn(other)).userId).toBe(other.userId);
  });

  it('lets the right password in as often as it comes, and forgets the wrong ones before it', async () => {
    const person = await installation.person();
    for (let round = 0; round < 2; round++) {
      for (let guess = 0; guess < 9; guess++) {
        await installation.anonymous.refused(LOG_IN, { input: { email: person.email, password: 'a wrong one' } });
      }
      const again = await Promise.all(Array.from({ length: 12 }, () => installation.logIn(person)));
      expect(again.every(({ userId }) => userId === person.userId)).toBe(true);
    }
  });
});

describe('ending sessions', () => {
  it('ends the present one at once', async () => {
    const { client, sessionId } = await installation.person();
    expect(await client.holds()).toBe(true);
    expect(await client.ask(LOG_OUT)).toEqual({ logOut: { sessionId } });
    expect(await client.holds()).toBe(false);
  });

  it('shows the live sessions of a person, and lets him end one', async () => {
    const person = await installation.person();
    const laptop = await installation.logIn(person);
    const list = async () =>
      (
        await person.client.ask<{ sessions: { totalCount: number; nodes: { id: string; current: boolean }[] } }>(
          '{ sessions { totalCount nodes { id current ip userAgent organization { id } createdAt lastSeenAt expiresAt } } }',
        )
      ).sessions;
    expect((await list()).nodes).toMatchObject([
      { id: laptop.sessionId, current: false, ip: '127.0.0.1', userAgent: 'node', organization: { id: person.orgId } },
      { id: person.sessionId, current: true },
    ]);
    const revoke = 'mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { revokedSessionId } }';
    await person.client.ask(revoke, { id: laptop.sessionId });
    expect(await laptop.client.holds()).toBe(false);
    expect(await list()).toMatchObject({ totalCount: 1, nodes: [{ id: person.sessionId }] });
    for (const id of [laptop.sessionId, 'not an id']) {
      expect((await person.client.refused(revoke, { id })).extensions.code).toBe('NOT_FOUND');
    }
  });

  it('lets those who manage sessions see and end those of their own organization alone', async () => {
    const owner = await installation.person();
    const member = await installation.member(owner, 'MEMBER');
    const stranger = await installation.person();
    const query = 'query ($userId: ID) { sessions(userId: $userId) { nodes { id } } }';
    const revoke = 'mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { revokedSessionId } }';
    expect(await owner.client.ask(query, { userId: member.userId })).toEqual({
      sessions: { nodes: [{ id: member.sessionId }] },
    });
    expect(await owner.client.ask(query, { userId: stranger.userId })).toEqual({ sessions: { nodes: [] } });
    expect((await member.client.refused(query, { userId: owner.userId })).extensions.code).toBe('FORBIDDEN');
    expect((await member.client.refused(revoke, { id: owner.sessionId })).extensions.code).toBe('NOT_FOUND');
    expect((await owner.client.refused(revoke, { id: stranger.sessionId })).extensions.code).toBe('NOT_FOUND');
    await owner.client.ask(revoke, { id: member.sessionId });
    expect(await member.client.holds()).toBe(false);
  });

  it('goes from one organization to another, leaving the old session behind', async () => {
    const { client, orgId, userId } = await installation.person();
    const { createOrganization } = await client.ask<{ createOrganization: { organization: { id: string } } }>(
      'mutation { createOrganization(input: { name: "Second" }) { organization { id name } } }',
    );
    const organizationId = createOrganization.organization.id;
    const switching = `mutation ($organizationId: ID!) {
      switchOrganization(input: { organizationId: $organizationId }) { ${SESSION_FIELDS} } }`;
    const { switchOrganization } = await client.ask<{ switchOrganization: Opened }>(switching, { organizationId });
    expect(switchOrganization.viewer).toMatchObject({ user: { id: userId }, organization: { id: organizationId } });
    expect(await client.holds()).toBe(false);
    const second = installation.client(switchOrganization.accessToken);
    expect(await second.ask('{ organization { id } organizations { totalCount nodes { id } } }')).toEqual({
      organization: { id: organizationId },
      organizations: { totalCount: 2, nodes: [{ id: orgId }, { id: organizationId }] },
    });
    const stranger = await installation.person();
    expect((await second.refused(switching, { organizationId: stranger.orgId })).extensions.code).toBe('FORBIDDEN');
    expect(await second.holds()).toBe(true);
  });
});
