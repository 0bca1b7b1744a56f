import { describe, expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

const problemsOf = (variables: Record<string, string>): string[] => {
  const read = readEnvironment(variables);
  return 'problems' in read ? read.problems : [];
};

describe('settings that make no sense', () => {
  test.each([
    ['PORT', '65536', 'PORT must be a whole number from 0 to 65535.'],
    ['PORT', 'http', 'PORT must be a whole number from 0 to 65535.'],
    ['LOG_PRETTY', 'yes', 'LOG_PRETTY must be 0, 1, true or false.'],
    ['MODEL_IDLE_TIMEOUT_SECONDS', 'soon', 'MODEL_IDLE_TIMEOUT_SECONDS must be a number of seconds from 0.1 to 86400.'],
    ['MODEL_IDLE_TIMEOUT_SECONDS', '0', 'MODEL_IDLE_TIMEOUT_SECONDS must be a number of seconds from 0.1 to 86400.'],
    ['ALLOWED_ORIGINS', 'app.example', 'ALLOWED_ORIGINS must be a list of origins, such as https://app.example.'],
    ['ALLOWED_ORIGINS', 'https://a.example, https://b.example/chat', /^ALLOWED_ORIGINS must be a list of origins/],
    [
      'TRUSTED_PROXIES',
      'proxy.example',
      /^TRUSTED_PROXIES must be a list of addresses or networks, such as 10\.0\.0\.0\/8, or loopback\.$/,
    ],
    ['TRUSTED_PROXIES', '10.0.0.1, 10.0.0.0/33', /^TRUSTED_PROXIES must be a list of addresses or networks/],
    ['TRUSTED_PROXIES', '0.0.0.0/0', /^TRUSTED_PROXIES must be a list of addresses or networks/],
    ['TRUSTED_PROXIES', '::1/129', /^TRUSTED_PROXIES must be a list of addresses or networks/],
    ['TRUSTED_PROXIES', 'fe80::/', /^TRUSTED_PROXIES must be a list of addresses or networks/],
    ['MAX_RESPONSE_BYTES', '16MB', 'MAX_RESPONSE_BYTES must be a whole number of bytes, at least 1024.'],
    ['SHUTDOWN_GRACE_SECONDS', '0', 'SHUTDOWN_GRACE_SECONDS must be a number of seconds from 1 to 3600.'],
    ['METRICS_TOKEN', 'short', 'METRICS_TOKEN must have at least 16 characters and no spaces.'],
    ['METRICS_TOKEN', 'with spaces in between', 'METRICS_TOKEN must have at least 16 characters and no spaces.'],
    ['DATABASE_URL', 'mysql://db', /^DATABASE_URL must be a URL that begins with postgres:/],
    [
      'OUTBOUND_ALLOW',
      'a.example, 10.0.0.0/33',
      /^OUTBOUND_ALLOW must be a list of names.*: 10\.0\.0\.0\/33 is none\.$/,
    ],
    ['OUTBOUND_PORTS', '80,http', 'OUTBOUND_PORTS must be a list of ports, such as 80,443.'],
    ['OUTBOUND_PORTS', '65536', 'OUTBOUND_PORTS must be a list of ports, such as 80,443.'],
    ['PARLEY_SECRET', 'short', 'PARLEY_SECRET must have at least 32 characters.'],
  ])('%s=%s: one sentence that says what it must be', (name, value, sentence) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
  });

  test('all of them are named at once', () => {
    expect(problemsOf({ PORT: '-1', LOG_LEVEL: 'loud', REDIS_URL: 'http://redis' })).toHaveLength(3);
  });
});

test('what is empty counts as unset', () => {
  expect(readEnvironment({ PORT: '', DATABASE_URL: '' })).toEqual(readEnvironment({}));
});

test('origins are taken as browsers send them', () => {
  const read = readEnvironment({ ALLOWED_ORIGINS: ' https://App.example/, capacitor://localhost ,' });
  expect(read).toMatchObject({ environment: { ALLOWED_ORIGINS: ['https://app.example', 'capacitor://localhost'] } });
});

test('proxies are trusted by address or network', () => {
  const read = readEnvironment({ TRUSTED_PROXIES: ' 127.0.0.1, fd00::/8,10.0.0.0/8 ,' });
  expect(read).toMatchObject({ environment: { TRUSTED_PROXIES: ['127.0.0.1', 'fd00::/8', '10.0.0.0/8'] } });
});
