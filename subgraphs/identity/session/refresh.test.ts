import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../identity.fixture.ts';
import type { Tokens } from '../people.fixture.ts';
import { sessionExpiry } from './session-start.ts';

const REFRESH = `mutation ($refreshToken: String!) {
  refreshSession(input: { refreshToken: $refreshToken }) { accessToken refreshToken viewer { user { id } credential { id } } }
}`;

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

interface Refreshed {
  refreshSession: Tokens & { viewer: { user: { id: string }; credential: { id: string } } };
}
const refresh = (refreshToken: string) => installation.anonymous.ask<Refreshed>(REFRESH, { refreshToken });
const refused = async (refreshToken: string) =>
  (await installation.anonymous.refused(REFRESH, { refreshToken })).extensions.code;

/** Tokens of a session that could still be exchanged. */
const liveTokens = (sessionId: string) =>
  installation.database.system.refreshToken.count({
    where: { sessionId, usedAt: null, session: { revokedAt: null } },
  });

describe('refreshing', () => {
  it('gives new tokens for the same session', async () => {
    const { tokens, sessionId, userId } = await installation.person();
    const { refreshSession: first } = await refresh(tokens.refreshToken);
    const { refreshSession: second } = await refresh(first.refreshToken);
    expect(second.viewer).toEqual({ user: { id: userId }, credential: { id: sessionId } });
    expect(new Set([tokens.refreshToken, first.refreshToken, second.refreshToken]).size).toBe(3);
    expect(await installation.client(second.accessToken).holds()).toBe(true);
    expect(await liveTokens(sessionId)).toBe(1);
  });

  it('ends the whole session when a token comes a second time', async () => {
    const person = await installation.person();
    const { refreshSession } = await refresh(person.tokens.refreshToken);
    expect(await person.client.holds()).toBe(true);
    expect(await refused(person.tokens.refreshToken)).toBe('UNAUTHENTICATED');
    expect(await refused(refreshSession.refreshToken)).toBe('UNAUTHENTICATED');
    expect(await person.client.holds()).toBe(false);
    expect(await installation.client(refreshSession.accessToken).holds()).toBe(false);
    const types = (await installation.events(person.orgId)).map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['session.refreshed', 'session.replayed']);
  });

  it('never leaves two live tokens, however many come at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { tokens, sessionId } = await installation.person();
      const answers = await Promise.all(
        Array.from({ length: 4 }, () =>
          installation.anonymous.send<Refreshed>(REFRESH, { refreshToken: tokens.refreshToken }),
        ),
      );
      expect(answers.filter(({ errors }) => errors.length === 0).length).toBeLessThanOrEqual(1);
      expect(await liveTokens(sessionId)).toBe(0);
    }
  });

  it('returns the same tokens to a request that is sent again under its key', async () => {
    const { tokens, sessionId } = await installation.person();
    const send = () =>
      installation.anonymous.ask<Refreshed>(REFRESH, { refreshToken: tokens.refreshToken }, `refresh-${sessionId}`);
    const [first, second] = [await send(), await send()];
    expect(second.refreshSession.refreshToken).toBe(first.refreshSession.refreshToken);
    expect(await liveTokens(sessionId)).toBe(1);
  });

  it('knows neither junk nor the tokens of a session that has ended', async () => {
    const { client, tokens } = await installation.person();
    await client.ask('mutation { logOut { sessionId } }');
    expect(await refused(tokens.refreshToken)).toBe('UNAUTHENTICATED');
    expect(await refused('prt_unknown')).toBe('UNAUTHENTICATED');
    expect(await refused('')).toBe('UNAUTHENTICATED');
  });

  it('knows no token of a session that has run out', async () => {
    const { client, tokens, sessionId } = await installation.person();
    const past = new Date(Date.now() - 1000);
    await installation.database.system.session.update({ where: { id: sessionId }, data: { expiresAt: past } });
    expect(await refused(tokens.refreshToken)).toBe('UNAUTHENTICATED');
    expect(await client.holds()).toBe(false);
  });
});

describe('how long a session lasts', () => {
  const day = (number: number) => new Date(Date.UTC(2026, 0, 1 + number));

  it.each([
    { usedOn: 0, endsOn: 30 },
    { usedOn: 29, endsOn: 59 },
    { usedOn: 60, endsOn: 90 },
    { usedOn: 75, endsOn: 90 },
  ])('used on day $usedOn, it ends on day $endsOn', ({ usedOn, endsOn }) => {
    expect(sessionExpiry(day(0), day(usedOn))).toEqual(day(endsOn));
  });
});
