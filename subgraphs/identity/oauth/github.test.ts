import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Installation } from '../identity.fixture.ts';
import { GITHUB_CLIENT, type GitHubServer, type GitHubVisitor, startGitHubServer } from './github-server.fixture.ts';
import { COMPLETE, FRONT_END, logInAt, travel } from './trip.fixture.ts';

let github: GitHubServer;
let installation: Installation;
let visitors = 0;

const visitor = (): GitHubVisitor => {
  visitors += 1;
  const address = (name: string, primary: boolean, verified: boolean) => ({
    email: `${name}-${visitors}@hub.example`,
    primary,
    verified,
    visibility: null,
  });
  return {
    id: visitors,
    login: `octocat-${visitors}`,
    name: 'Octo Cat',
    emails: [address('old', false, true), address('main', true, true), address('new', false, false)],
  };
};

beforeAll(async () => {
  github = await startGitHubServer(visitor());
  installation = await Installation.start({
    ...FRONT_END,
    GITHUB_CLIENT_ID: GITHUB_CLIENT.id,
    GITHUB_CLIENT_SECRET: GITHUB_CLIENT.secret,
    GITHUB_BASE_URL: github.url,
  });
});
afterAll(async () => {
  await installation.stop();
  await github.close();
});
beforeEach(() => {
  github.visitor = visitor();
  github.brokenWith = null;
});

const enter = () => logInAt(installation.anonymous, 'github');
const refusal = async () => {
  const input = await travel(installation.anonymous, 'github');
  return (await installation.anonymous.refused(COMPLETE, { input })).extensions.code;
};

describe('logging in with GitHub', () => {
  it('takes the primary verified address, and knows the person by his number', async () => {
    const first = await enter();
    expect(first.viewer.user).toMatchObject({ name: 'Octo Cat', email: github.visitor.emails[1]?.email });
    github.visitor = { ...visitor(), id: github.visitor.id, login: 'renamed' };
    expect((await enter()).viewer.user.id).toBe(first.viewer.user.id);
  });

  it('takes another verified address where the primary one is not, and the login for a name', async () => {
    const [old, main, fresh] = github.visitor.emails;
    if (!old || !main || !fresh) throw new Error('Three addresses were expected.');
    github.visitor = { ...github.visitor, name: null, emails: [{ ...main, verified: false }, fresh, old] };
    expect((await enter()).viewer.user).toMatchObject({ name: github.visitor.login, email: old.email });
  });

  it('does not enter an account with an address that is not verified', async () => {
    const person = await installation.person();
    github.visitor.emails = [{ email: person.email, primary: true, verified: false, visibility: null }];
    expect(await refusal()).toBe('CONFLICT');
  });

  it('refuses a code that GitHub does not know, in a sentence', async () => {
    const { attempt, callbackUrl } = await travel(installation.anonymous, 'github');
    const forged = new URL(callbackUrl);
    forged.searchParams.set('code', 'another');
    const input = { attempt, callbackUrl: forged.href };
    const error = await installation.anonymous.refused(COMPLETE, { input });
    expect(error.extensions.code).toBe('UNAUTHENTICATED');
    expect(error.message).toMatch(/GitHub/);
  });

  it.each([500, 403, 429])('reports a GitHub that answers %s as unavailable', async (status) => {
    github.brokenWith = status;
    expect(await refusal()).toBe('UNAVAILABLE');
  });

  it('reports a GitHub that cannot be reached as unavailable', async () => {
    const input = await travel(installation.anonymous, 'github');
    await github.close();
    expect((await installation.anonymous.refused(COMPLETE, { input })).extensions.code).toBe('UNAVAILABLE');
  });
});
