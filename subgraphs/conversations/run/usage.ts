import type { ModelUsage } from '#core/model/model.port';
import type { UsageType } from '../run.type.ts';

/** The counts of several calls together. Null where no provider counted anything. */
export function sumUsage(calls: readonly (ModelUsage | null)[]): UsageType | null {
  const counted = calls.filter((usage) => usage !== null);
  if (counted.length === 0) return null;
  const sum = (count: (usage: ModelUsage) => number) => counted.reduce((total, usage) => total + count(usage), 0);
  return {
    inputTokens: sum((usage) => usage.inputTokens),
    cachedInputTokens: sum((usage) => usage.cachedInputTokens),
    toolUseInputTokens: sum((usage) => usage.toolUseInputTokens),
    outputTokens: sum((usage) => usage.outputTokens),
    thinkingTokens: sum((usage) => usage.thinkingTokens),
    totalTokens: sum((usage) => usage.totalTokens),
  };
}
