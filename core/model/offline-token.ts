/**
 * The offline model's tokens: a word or a number with the space before it, a single mark with the space before it, or the
 * space at the end. Joined, they are the text again. The counts that the offline model reports are counts of these.
 */
const TOKEN = /\s*[\p{L}\p{M}\p{N}]+|\s*[^\p{L}\p{M}\p{N}\s]|\s+$/gu;

export const toTokens = (text: string): string[] => text.match(TOKEN) ?? [];

export const countTokens = (text: string): number => toTokens(text).length;
