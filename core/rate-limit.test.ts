import { describe, expect, it } from 'vitest';
import { createRateLimits } from './rate-limit.ts';

describe('a budget', () => {
  const limit = { name: 'requests', points: 3, seconds: 60 };

  it('is each caller’s own, and tells when there is more', async () => {
    const limits = createRateLimits(null);
    for (let count = 0; count < 3; count++) await limits.consume(limit, 'a');
    await expect(limits.consume(limit, 'a')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      extensions: { retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 60) },
    });
    await limits.consume(limit, 'b');
    await limits.consume({ ...limit, name: 'log-in' }, 'a');
  });

  it('can be taken several points at a time, and given back', async () => {
    const limits = createRateLimits(null);
    await limits.consume(limit, 'a', 3);
    await expect(limits.consume(limit, 'a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await limits.reset(limit, 'a');
    await limits.consume(limit, 'a');
    await expect(limits.consume(limit, 'a', 3)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});
