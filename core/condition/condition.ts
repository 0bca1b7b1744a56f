import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { LRUCache } from 'lru-cache';
import { doWithin, WorkTooLong } from '#core/bounded-work';

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

/** The names that a condition may use, each with its type in the Common Expression Language. */
export type ConditionFacts = Readonly<
  Record<string, 'string' | 'int' | 'double' | 'bool' | 'list<string>' | 'map<string, dyn>'>
>;

type Program = (facts: Record<string, unknown>) => unknown;

/** A condition that has been read. @throws ConditionError where it fails, or is not a yes or no */
export type CompiledCondition = (facts: Readonly<Record<string, unknown>>) => boolean;

const compiled = new LRUCache<string, Program>({ max: 2_000 });

const LIMITS = { maxAstNodes: 1_000, maxDepth: 50, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 20 };

/** How long one evaluation may take, in milliseconds: what is sound takes a fraction of one. */
const MAX_MS = 50;

/** With these a short expression makes values of any size, which no limit of time keeps out of memory. */
const UNAVAILABLE = new Set(['map', 'bind']);

const lenient = new Environment({ unlistedVariablesAreDyn: true, limits: LIMITS });

/**
 * Whether a condition in the Common Expression Language is true of the facts.
 * @throws ConditionError where it cannot be read, fails, takes too long, or is not a yes or no.
 */
export function evaluateCondition(expression: string, facts: Record<string, unknown>): boolean {
  try {
    const ready = compileCondition(expression);
    return doWithin(MAX_MS, () => ready(facts));
  } catch (error) {
    throw toConditionError(error);
  }
}

/**
 * Reads a condition, or takes what has been read of it before. Nothing ends what it returns where that takes long:
 * whoever calls it does so within `doWithin`.
 * @throws ConditionError where it cannot be read.
 */
export function compileCondition(expression: string): CompiledCondition {
  let program = compiled.get(expression);
  if (!program) {
    try {
      program = parse(lenient, expression);
    } catch (error) {
      throw toConditionError(error);
    }
    compiled.set(expression, program);
  }
  const ready = program;
  return (facts) => {
    let result: unknown;
    try {
      result = ready(facts);
    } catch (error) {
      throw toConditionError(error);
    }
    if (typeof result !== 'boolean') throw new ConditionError('The condition is not a yes or no.', null);
    return result;
  };
}

/**
 * What keeps a condition from being a yes or no about the given facts: a sentence with line and column, or null.
 * @param facts The names that it may use.
 */
export function conditionProblem(expression: string, facts: ConditionFacts): string | null {
  if (expression.trim() === '') return 'There is no condition';
  try {
    const { valid, type, error } = parse(strictFor(facts), expression).check();
    if (!valid) throw error;
    return type === 'bool' || type === 'dyn' ? null : `It is of the type ${type}, not a yes or no`;
  } catch (error) {
    return conditionSentence(expression, toConditionError(error));
  }
}

/** What a condition always is, whatever the facts; null where it depends on them, or cannot be read. */
export function constantOf(expression: string): boolean | null {
  try {
    return constantIn(parse(lenient, expression).ast);
  } catch {
    return null;
  }
}

function constantIn(node: ASTNode): boolean | null {
  if (node.op === '&&' || node.op === '||') {
    const parts = node.args.map(constantIn);
    const decisive = node.op === '||';
    return parts.includes(decisive) ? decisive : parts.includes(null) ? null : !decisive;
  }
  if (node.op === '!_') {
    const part = constantIn(node.args);
    return part === null ? null : !part;
  }
  if (node.op === 'value') return typeof node.args === 'boolean' ? node.args : null;
  if (hasName(node)) return null;
  const value: unknown = doWithin(MAX_MS, () => lenient.evaluate(node.input.slice(node.range.start, node.range.end)));
  return typeof value === 'boolean' ? value : null;
}

const hasName = (node: ASTNode): boolean => node.op === 'id' || partsOf(node.args).some(hasName);

const strict = new WeakMap<ConditionFacts, Environment>();

function strictFor(facts: ConditionFacts): Environment {
  let environment = strict.get(facts);
  if (!environment) {
    environment = new Environment({ limits: LIMITS });
    for (const [name, type] of Object.entries(facts)) environment.registerVariable(name, type);
    strict.set(facts, environment);
  }
  return environment;
}

function parse(environment: Environment, expression: string) {
  const program = environment.parse(expression);
  assertAvailable(program.ast);
  return program;
}

/** @throws ConditionError */
function assertAvailable(node: ASTNode): void {
  if (node.op === 'rcall' && UNAVAILABLE.has(node.args[0])) {
    throw new ConditionError(`${node.args[0]}() is not available in conditions`, node.start);
  }
  for (const part of partsOf(node.args)) assertAvailable(part);
}

function partsOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(partsOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

/** What is wrong with a condition, with line and column where they are known. */
export function conditionSentence(expression: string, { message, position }: ConditionError): string {
  if (position === null) return message;
  const before = expression.slice(0, position).split('\n');
  return `${message} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

/** What the library says is a sentence and a drawing of the place below it; the sentence is for people. */
function toConditionError(error: unknown): ConditionError {
  if (error instanceof ConditionError) return error;
  if (error instanceof WorkTooLong) return new ConditionError('The condition takes too long.', null);
  const { message, range } = error as { message: string; range?: { start: number } };
  const [line = 'The condition cannot be read.'] = message.split('\n');
  return new ConditionError(line, range?.start ?? null);
}
