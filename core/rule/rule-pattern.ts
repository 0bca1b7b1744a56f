import { detectPattern } from '#core/guard/pattern';

/** More than people write of a pattern. */
export const MAX_PATTERN = 200;

/** A pattern of a rule, ready to find all places. @throws SyntaxError */
export const compilePattern = (pattern: string): RegExp => new RegExp(pattern, 'gu');

/** What keeps a text from being a pattern: a sentence, or null. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN) return `It must have at most ${MAX_PATTERN} characters`;
  let compiled: RegExp;
  try {
    compiled = compilePattern(pattern);
    detectPattern(pattern);
  } catch (error) {
    return (error as Error).message;
  }
  return compiled.test('') ? 'It fits where there is nothing, so it would fit everywhere' : null;
}
