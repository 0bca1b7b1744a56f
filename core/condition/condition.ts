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

/**
 * Conditions are bounded by their size: CEL has no loops, so an expression of so many nodes ends soon.
 */
const environment = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 1_000, maxDepth: 50, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 20 },
});

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

/** What the library says is one line and a drawing of the place below it; the line is for people. */
function toConditionError(error: unknown): ConditionError {
  const { message, range } = error as { message: string; range?: { start: number } };
  const [line = 'The condition cannot be read.'] = message.split('\n');
  return new ConditionError(line, range?.start ?? null);
}
