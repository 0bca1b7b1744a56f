import { randomPKCECodeVerifier } from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../identity-bench.fixture.ts';
import { openAttempt, sealAttempt } from './log-in-attempt.ts';
import { OIDC_CLIENT, type OidcServer, startOidcServer } from './oidc-server.fixture.ts';
import { COMPLETE, FRONT_END, REDIRECT_URI, travel } from './trip.fixture.ts';

let provider: OidcServer;
let bench: Bench;
beforeAll(async () => {
  provider = await startOidcServer([REDIRECT_URI]);
  bench = await Bench.start({
    ...FRONT_END,
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: OIDC_CLIENT.id,
    OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
  });
});
afterAll(async () => {
  await bench.stop();
  await provider.close();
});
beforeEach(() => {
  provider.visitor = { sub: 'grace', email: 'grace@works.example', email_verified: true, name: 'Grace' };
});
const refusal = async (input: object) => (await bench.anonymous.refused(COMPLETE, { input })).extensions.code;

describe('a sealed attempt', () => {
  it('ties the answer to the nonce in the ID token', async () => {
    const { attempt, callbackUrl } = await travel(bench.anonymous, 'oidc');
    const { sealer } = bench.kernel;
    const other = sealAttempt(sealer, { ...openAttempt(sealer, attempt), nonce: 'another' });
    expect(await refusal({ attempt: other, callbackUrl })).toBe('UNAUTHENTICATED');
  });

  it('ties the answer to the verifier of its challenge', async () => {
    const { attempt, callbackUrl } = await travel(bench.anonymous, 'oidc');
    const { sealer } = bench.kernel;
    const codeVerifier = randomPKCECodeVerifier();
    const other = sealAttempt(sealer, { ...openAttempt(sealer, attempt), codeVerifier });
    expect(await refusal({ attempt: other, callbackUrl })).toBe('UNAUTHENTICATED');
  });

  it('is good for ten minutes', async () => {
    const { attempt, callbackUrl } = await travel(bench.anonymous, 'oidc');
    const { sealer } = bench.kernel;
    const opened = openAttempt(sealer, attempt);
    expect(Math.round((opened.expiresAt - Date.now()) / 60_000)).toBe(10);
    const late = sealAttempt(sealer, { ...opened, expiresAt: Date.now() - 1 });
    expect(await refusal({ attempt: late, callbackUrl })).toBe('UNAUTHENTICATED');
  });

  it('cannot be read, changed or made up', async () => {
    const { attempt, callbackUrl } = await travel(bench.anonymous, 'oidc');
    expect(Buffer.from(attempt, 'base64url').toString('latin1')).not.toContain('codeVerifier');
    const tampered = attempt.slice(0, -2) + (attempt.endsWith('AA') ? 'BB' : 'AA');
    for (const junk of [tampered, '', 'junk', Buffer.from('{"id":"x"}').toString('base64url')]) {
      expect(await refusal({ attempt: junk, callbackUrl })).toBe('BAD_USER_INPUT');
    }
  });

  it('is forgotten some time after it could have been used', async () => {
    const id = '01890000-0000-7000-8000-000000000000';
    await bench.database.system.usedLogInAttempt.create({ data: { id, expiresAt: new Date(Date.now() - 7_200_000) } });
    const input = await travel(bench.anonymous, 'oidc');
    await bench.anonymous.ask(COMPLETE, { input });
    const remembered = await bench.database.system.usedLogInAttempt.findMany();
    expect(remembered.map((attempt) => attempt.id)).not.toContain(id);
    expect(remembered.map((attempt) => attempt.id)).toContain(openAttempt(bench.kernel.sealer, input.attempt).id);
  });
});
