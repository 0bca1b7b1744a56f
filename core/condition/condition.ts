import { Environment } from '@marcbachmann/cel-js';
import { LRUCache } from 'lru-cache';

/** A condition that cannot be read or evaluated, in words for whoever wrote it. */
export class ConditionError extends Error {
  constructor(
    message: string,
    /** Characters from the start, where it is known. */
    readonly position: number | null,
  ) {
    super(message);
    this.name = 'ConditionError';
  }
}

type Program = (facts: Record<string, unknown>) => unknown;

const compiled = new LRUCache<string, Program>({ max: 2_000 });

/** CEL has no loops, so an expression of so many nodes ends soon. */
const LIMITS = { maxAstNodes: 1_000, maxDepth: 50, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 20 };

const environment = new Environment({ unlistedVariablesAreDyn: true, limits: LIMITS });

/**
 * Whether a condition in the Common Expression Language is true of the facts.
 * @throws ConditionError where it cannot be read, fails, or is not a yes or no.
 */
export function evaluateCondition(expression: string, facts: Record<string, unknown>): boolean {
  let result: unknown;
  try {
    let program = compiled.get(expression);
    if (!program) {
      program = environment.parse(expression) as unknown as Program;
      compiled.set(expression, program);
    }
    result = program(facts);
  } catch (error) {
    throw toConditionError(error);
  }
  if (typeof result !== 'boolean') throw new ConditionError('The condition is not a yes or no.', null);
  return result;
}

/**
 * What keeps a condition from being a yes or no about the given facts: a sentence with the position, or null.
 * @param facts The names that it may use.
 */
export function conditionProblem(expression: string, facts: readonly string[]): string | null {
  try {
    const strict = new Environment({ limits: LIMITS });
    for (const name of facts) strict.registerVariable(name, 'dyn');
    const { valid, type, error } = strict.check(expression);
    if (!valid) return describe(toConditionError(error));
    return type === 'bool' || type === 'dyn' ? null : `It is a ${type}, not a yes or no`;
  } catch (error) {
    return describe(toConditionError(error));
  }
}

const describe = ({ message, position }: ConditionError): string =>
  position === null ? message : `${message} (at character ${position + 1})`;

/** What the library says is one line and a drawing of the place below it; the line is for people. */
function toConditionError(error: unknown): ConditionError {
  const { message, range } = error as { message: string; range?: { start: number } };
  const [line = 'The condition cannot be read.'] = message.split('\n');
  return new ConditionError(line, range?.start ?? null);
}
