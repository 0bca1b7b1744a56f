/** One message, as far as folding is concerned. */
export interface FoldLine {
  tokens: number;
  /** Whether it may be folded: it was written before the message that is answered. */
  foldable: boolean;
}

/** How many of the oldest lines to fold. `urgent`: without it there is no room for the rest. */
export interface FoldPlan {
  count: number;
  urgent: boolean;
}

/** What of the room a conversation may fill before its older part is folded, and what it fills afterwards. */
const FULL = 0.7;
const AFTERWARDS = 0.35;

/**
 * Which of the oldest messages are to be folded into a summary. Well before there is no more room, so that an answer need
 * not wait for it, and so many at once that it is seldom needed. Pure.
 * @param summaryTokens What the summary so far takes.
 * @param room Tokens that the conversation may take.
 */
export function planFold(lines: readonly FoldLine[], summaryTokens: number, room: number): FoldPlan | null {
  const total = lines.reduce((sum, { tokens }) => sum + tokens, summaryTokens);
  if (total <= room * FULL) return null;
  let left = total;
  let count = 0;
  for (const { tokens, foldable } of lines) {
    if (!foldable || left <= room * AFTERWARDS) break;
    left -= tokens;
    count += 1;
  }
  return count === 0 ? null : { count, urgent: total > room };
}
