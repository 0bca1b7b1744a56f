import type { z } from 'zod';
import { badInputs } from './error.ts';

/** The problems that one answer lists: more than a person mends at once, and no more bytes than were sent. */
const MAX_LISTED_PROBLEMS = 20;

/**
 * Checks `input` against a zod schema and returns what it made of it (trimmed, defaulted, narrowed).
 * @param root What the paths of problems begin with: the name of the argument.
 * @throws ParleyError `BAD_USER_INPUT` with the problems, the first 20 of them.
 */
export function validate<S extends z.ZodType>(schema: S, input: unknown, root = 'input'): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw badInputs(
    result.error.issues.slice(0, MAX_LISTED_PROBLEMS).map((issue) => ({
      path: [root, ...issue.path.map(String)].join('.'),
      message: issue.message.endsWith('.') ? issue.message : `${issue.message}.`,
    })),
  );
}
