import { z } from 'zod';
import type { RuleStage } from '#core/rule/rule';
import { type FactsOf, momentFacts, RULE_FACTS, type RuleFact } from '#core/rule/rule-fact';
import { validate } from '#core/validate';
import { text } from '../rule-action.schema.ts';

const MAX_TEXT = 100_000;

const SCHEMAS: Record<RuleFact['type'], z.ZodType> = {
  string: text(MAX_TEXT),
  int: z.int().transform(BigInt),
  double: z.number(),
  bool: z.boolean(),
  'list<string>': z.array(text(1_000)).max(200, 'There can be at most 200'),
  'map<string, dyn>': z.record(z.string(), z.unknown()),
};

const EMPTY: Record<RuleFact['type'], unknown> = {
  string: '',
  int: 0n,
  double: 0,
  bool: false,
  'list<string>': [],
  'map<string, dyn>': {},
};

/**
 * Facts that somebody gave, each as its type wants it.
 * @throws ParleyError `BAD_USER_INPUT` with the path of what does not fit
 */
export function readFacts(stage: RuleStage, given: unknown): Record<string, unknown> {
  const shape = Object.fromEntries(
    Object.entries(RULE_FACTS[stage]).map(([name, { type }]) => [name, SCHEMAS[type].optional()]),
  );
  const facts = validate(z.strictObject(shape), given ?? {}, 'input.facts');
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** All facts of a stage: those that are known, the rest empty. */
export function wholeFacts<Stage extends RuleStage>(stage: Stage, known: object, at: Date): FactsOf<Stage> {
  const empty = Object.fromEntries(Object.entries(RULE_FACTS[stage]).map(([name, { type }]) => [name, EMPTY[type]]));
  return { ...empty, priority: 'NORMAL', ...momentFacts(at), ...known } as unknown as FactsOf<Stage>;
}

/** Facts as JSON. */
export const factsToJson = (facts: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
