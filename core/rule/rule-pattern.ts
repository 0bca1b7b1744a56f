import { PatternError, patternProgram } from '#core/guard/pattern-program';

/** More than people write of a pattern. */
export const MAX_PATTERN = 200;

/** What keeps a text from being a pattern that the guard looks for: a sentence, or null. */
export function patternProblem(pattern: string): string | null {
  if (pattern === '') return 'There is no pattern';
  if (pattern.length > MAX_PATTERN) return `It must have at most ${MAX_PATTERN} characters`;
  try {
    patternProgram(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return error.message;
  }
}
