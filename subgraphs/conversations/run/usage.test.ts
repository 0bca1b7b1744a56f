import { describe, expect, it } from 'vitest';
import type { ModelUsage } from '#core/model/model.port';
import { sumUsage } from './usage.ts';

const usage = (scale: number): ModelUsage => ({
  inputTokens: scale,
  cachedInputTokens: 2 * scale,
  toolUseInputTokens: 3 * scale,
  outputTokens: 4 * scale,
  thinkingTokens: 5 * scale,
  totalTokens: 6 * scale,
  details: [],
  raw: {},
});

describe('the counts of several calls', () => {
  it('are those of every call that counted', () => {
    expect(sumUsage([usage(1), null, usage(10)])).toEqual({
      inputTokens: 11,
      cachedInputTokens: 22,
      toolUseInputTokens: 33,
      outputTokens: 44,
      thinkingTokens: 55,
      totalTokens: 66,
    });
  });

  it('are unknown, and not zero, where none did', () => {
    expect(sumUsage([])).toBeNull();
    expect(sumUsage([null, null])).toBeNull();
    expect(sumUsage([null, usage(0)])?.totalTokens).toBe(0);
  });
});
