import { describe, expect, it } from 'vitest';
import { readEnvironment } from '#core/environment';
import type { Logger } from '#core/log';
import { configuredProviders } from './configured-provider.ts';

function configure(variables: Record<string, string>): { offered: string[]; warnings: string[] } {
  const warnings: string[] = [];
  const read = readEnvironment(variables);
  if ('problems' in read) throw new Error(read.problems.join(' '));
  const log = { warn: (message: string) => warnings.push(message) } as unknown as Logger;
  return { offered: [...configuredProviders(read.environment, log).values()].map(({ name }) => name), warnings };
}
const GITHUB = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };
const GOOGLE = { GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'secret' };

describe('log-in providers', () => {
  it.each([
    ['nothing', {}, []],
    ['GitHub', GITHUB, ['GitHub']],
    ['Google', GOOGLE, ['Google']],
    ['a provider without a secret', { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'id' }, ['Single sign-on']],
    ['one on this machine', { OIDC_ISSUER: 'http://[::1]:9000', OIDC_CLIENT_ID: 'id', OIDC_LABEL: 'Works' }, ['Works']],
    [
      'all of them',
      { ...GITHUB, ...GOOGLE, OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'id' },
      ['Single sign-on', 'Google', 'GitHub'],
    ],
  ])('are offered: %s', (_name, variables, offered) => {
    expect(configure(variables)).toEqual({ offered, warnings: [] });
  });

  it.each([
    [{ GITHUB_CLIENT_ID: 'id' }, /GITHUB_CLIENT_SECRET/],
    [{ GOOGLE_CLIENT_SECRET: 'secret' }, /GOOGLE_CLIENT_ID/],
    [{ OIDC_CLIENT_ID: 'id' }, /OIDC_ISSUER/],
    [{ OIDC_ISSUER: 'http://id.example', OIDC_CLIENT_ID: 'id' }, /https:/],
    [{ OIDC_ISSUER: 'http://127.0.0.1.evil.example', OIDC_CLIENT_ID: 'id' }, /https:/],
    [{ ...GITHUB, GITHUB_BASE_URL: 'http://hub.example' }, /https:/],
    [{ ...GOOGLE, GOOGLE_ISSUER: 'http://accounts.example' }, /https:/],
  ])('are left out with a warning: %o', (variables, warning) => {
    const { offered, warnings } = configure(variables);
    expect(offered).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });
});
