import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorFields, redactCredentials, summarizeError } from './error-summary.ts';

const secret = fc.stringMatching(/^[A-Za-z0-9_]{20,40}$/);

/** Where credentials stand in the messages of drivers and clients. */
const places: ((value: string) => string)[] = [
  (value) => `connect failed: postgres://parley:${value}@db:5432/parley`,
  (value) => `redis://:${value}@cache refused`,
  (value) => `401 for Authorization: Bearer ${value}`,
  (value) => `GET https://example.org/v1?key=${value}&alt=sse`,
  (value) => `{"password": "${value}", "name": "x"}`,
  (value) => `api_key=${value}`,
  (value) => `no access for pk_${value}`,
  (value) => `no access for sk-${value}`,
  (value) => `token: eyJ${value}.${value}.${value}`,
];

describe('what is kept of an error', () => {
  test.each(places.map((place) => ({ place, shape: place('…') })))(
    'holds no credential of the shape $shape',
    ({ place }) => {
      fc.assert(
        fc.property(secret, (value) => {
          const error = new Error(place(value));
          for (const kept of [
            summarizeError(error),
            JSON.stringify(errorFields(error)),
            redactCredentials(place(value)),
          ]) {
            expect(kept).not.toContain(value);
          }
        }),
        { numRuns: 50 },
      );
    },
  );

  test('is one line of limited length that names the error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (message) => {
        const summary = summarizeError(new TypeError(message));
        expect(summary).toMatch(/^TypeError:/);
        expect(summary.length).toBeLessThanOrEqual(500);
        expect(summary).not.toMatch(/[\n\r]/);
      }),
    );
  });

  test('says what is harmless as it was', () => {
    const message = 'agent 0190 was not found in https://example.org/a?page=2 (monkey: 3 tokens)';
    expect(summarizeError(new Error(message))).toBe(`Error: ${message}`);
    expect(summarizeError('a thrown string')).toBe('a thrown string');
  });
});
