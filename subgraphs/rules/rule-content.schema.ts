import { z } from 'zod';
import { conditionProblem, constantOf } from '#core/condition/condition';
import { displayName } from '#core/display-name';
import type { FieldProblem } from '#core/error';
import { isId } from '#core/id';
import {
  FAIL_MODES,
  JUDGED_STAGES,
  RULE_SCOPES,
  RULE_STAGES,
  type RuleContent,
  STAGE_ACTIONS,
  STAGE_SCOPES,
} from '#core/rule/rule';
import { STAGE_FACTS } from '#core/rule/rule-fact';
import { actionInput, memberOf, text } from './rule-action.schema.ts';

/** What one rule may hold. */
export const RULE_LIMITS = {
  name: 100,
  description: 2_000,
  condition: 4_000,
  actions: 10,
  priority: 1_000,
  question: 2_000,
  note: 1_000,
} as const;

const PRIORITY = `It must be between -${RULE_LIMITS.priority} and ${RULE_LIMITS.priority}`;

const scope = z
  .object({
    agentId: z.string().nullish(),
    conversationId: z.string().nullish(),
    tool: text(64).nullish(),
  })
  .superRefine((value, context) => {
    const given = Object.entries(value).filter(([, of]) => of != null);
    if (given.length !== 1) {
      context.addIssue({ code: 'custom', message: 'Give one of agentId, conversationId and tool' });
    }
    for (const [name, of] of given) {
      if (name !== 'tool' && !isId(of)) context.addIssue({ code: 'custom', path: [name], message: 'It is not an id' });
    }
  })
  .transform(({ agentId, conversationId, tool }): RuleContent['scope'] =>
    agentId
      ? { kind: 'AGENT', of: agentId }
      : conversationId
        ? { kind: 'CONVERSATION', of: conversationId }
        : { kind: 'TOOL', of: tool ?? '' },
  )
  .nullable()
  .transform((value) => value ?? { kind: RULE_SCOPES[0], of: null });

const moment = z
  .date()
  .nullable()
  .transform((value) => value?.toISOString() ?? null);

const judge = z
  .object({
    question: text(RULE_LIMITS.question).trim().min(1, 'Ask the model something'),
    model: text(200).nullish(),
  })
  .transform(({ question, model }) => ({ question, model: model || null }))
  .nullable();

/** The parts of a rule that clients send, each made into what is stored. What is absent is kept. */
export const ruleFields = z
  .object({
    name: displayName({ max: RULE_LIMITS.name, empty: 'Give the rule a name' }),
    description: text(RULE_LIMITS.description)
      .trim()
      .nullable()
      .transform((value) => value ?? ''),
    stage: z.enum(RULE_STAGES),
    scope,
    condition: text(RULE_LIMITS.condition),
    judge,
    actions: z
      .array(actionInput)
      .min(1, 'Give at least one action')
      .max(RULE_LIMITS.actions, `There can be at most ${RULE_LIMITS.actions} actions`),
    priority: z.int().min(-RULE_LIMITS.priority, PRIORITY).max(RULE_LIMITS.priority, PRIORITY),
    failMode: z.enum(FAIL_MODES),
    validFrom: moment,
    validUntil: moment,
  })
  .partial();

export type RuleFields = z.output<typeof ruleFields>;

const DEFAULTS = {
  description: '',
  scope: { kind: 'ORG', of: null },
  condition: 'true',
  judge: null,
  priority: 0,
  failMode: 'OPEN',
  validFrom: null,
  validUntil: null,
} as const satisfies Partial<RuleContent>;

/** A content with some parts changed; of a new one the name, the stage and the actions have to be given. */
export function withFields(fields: RuleFields, content?: RuleContent): RuleContent {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, ...content, ...given } as RuleContent;
}

/**
 * What is wrong with a rule as a whole, by itself, with the paths of the input.
 * @param now In milliseconds since the epoch.
 */
export function contentProblems(content: RuleContent, root: string, now = Date.now()): FieldProblem[] {
  const { stage, scope: about, actions, condition, validFrom, validUntil } = content;
  const problems: FieldProblem[] = [];
  const add = (path: string, message: string) => problems.push({ path: `${root}.${path}`, message: `${message}.` });
  if (!STAGE_SCOPES[stage].has(about.kind))
    add('scope', `Rules of the stage ${stage} are not about one ${NOUNS[about.kind]}`);
  for (const [index, { kind }] of actions.entries()) {
    if (!STAGE_ACTIONS[stage].has(kind))
      add(`actions.${index}.${memberOf(kind)}`, `Rules of the stage ${stage} cannot do that`);
  }
  if (content.judge && !JUDGED_STAGES.has(stage)) add('judge', `Rules of the stage ${stage} cannot ask a model`);
  const unreadable = conditionProblem(condition, STAGE_FACTS[stage]);
  if (unreadable) add('condition', unreadable);
  else if (constantOf(condition) === false) add('condition', 'It is never true, so the rule would never count');
  if (validFrom !== null && validUntil !== null && validUntil <= validFrom)
    add('validUntil', 'It must be after validFrom');
  else if (validUntil !== null && Date.parse(validUntil) <= now)
    add('validUntil', 'It has passed, so the rule would never count');
  return problems;
}

const NOUNS: Record<RuleContent['scope']['kind'], string> = {
  ORG: 'organization',
  AGENT: 'agent',
  CONVERSATION: 'conversation',
  TOOL: 'tool',
};
