import { badInputs, type FieldProblem, ParleyError } from '#core/error';

/** The operation itself cannot be run, whatever its variables are: 400 in terms of HTTP. */
export const badOperation = (message: string, cause?: unknown) =>
  new ParleyError('BAD_USER_INPUT', message, cause === undefined ? {} : { cause });

/** The values given for the variables do not fit their definitions: 400 in terms of HTTP. */
export const badVariables = (problems: FieldProblem[]) => badInputs(problems);
