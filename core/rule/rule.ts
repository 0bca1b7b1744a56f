import { z } from 'zod';
import { type RuleActionKind, ruleAction } from './rule-action.ts';

/** When a rule is looked at. */
export const RULE_STAGES = ['INPUT', 'ROUTING', 'TOOL_CALL', 'OUTPUT', 'EVENT'] as const;

export type RuleStage = (typeof RULE_STAGES)[number];

export const RULE_SCOPES = ['ORG', 'AGENT', 'CONVERSATION', 'TOOL'] as const;

export type RuleScopeKind = (typeof RULE_SCOPES)[number];

/** What a rule is about: all of the organization, or one agent, conversation or tool. */
export const ruleScope = z.object({
  kind: z.enum(RULE_SCOPES),
  /** The id of the agent or the conversation, the name of the tool; null for the organization. */
  of: z.string().nullable(),
});

export type RuleScope = z.output<typeof ruleScope>;

/** What becomes of a rule whose condition cannot be evaluated: it is passed over, or taken to be true. */
export const FAIL_MODES = ['OPEN', 'CLOSED'] as const;

export type FailMode = (typeof FAIL_MODES)[number];

/** A model that is asked whether a rule applies, once its condition is true. */
export const ruleJudge = z.object({
  /** What it is asked, as a question about the text that is answered by yes or no. */
  question: z.string(),
  /** Null for the default of the server. */
  model: z.string().nullable(),
});

export type RuleJudge = z.output<typeof ruleJudge>;

/** What a version of a rule says. Moments are ISO 8601 texts in UTC. */
export const ruleContent = z.object({
  name: z.string(),
  description: z.string(),
  stage: z.enum(RULE_STAGES),
  scope: ruleScope,
  /** A CEL expression over the facts of the stage. */
  condition: z.string(),
  judge: ruleJudge.nullable(),
  actions: z.array(ruleAction).min(1),
  /** Rules of higher priority are looked at first. */
  priority: z.int(),
  failMode: z.enum(FAIL_MODES),
  /** From then on it counts; null for always. */
  validFrom: z.string().nullable(),
  /** From then on it counts no more; null for never. */
  validUntil: z.string().nullable(),
});

export type RuleContent = z.output<typeof ruleContent>;

/** A rule that is in force, as it is evaluated. */
export const rule = ruleContent.omit({ description: true }).extend({
  id: z.string(),
  versionId: z.string(),
  /** The number of the version. */
  version: z.int(),
});

export type Rule = z.output<typeof rule>;

/** What rules of a stage can do. */
export const STAGE_ACTIONS: Readonly<Record<RuleStage, ReadonlySet<RuleActionKind>>> = {
  INPUT: new Set([
    'ALLOW',
    'BLOCK',
    'REDACT',
    'REPLACE',
    'SET_PRIORITY',
    'TAG',
    'NOTIFY',
    'START_TASK',
    'END_CONVERSATION',
  ]),
  ROUTING: new Set(['ALLOW', 'ROUTE', 'SET_PRIORITY', 'TAG', 'NOTIFY', 'START_TASK']),
  TOOL_CALL: new Set(['ALLOW', 'BLOCK', 'REQUIRE_APPROVAL', 'TAG', 'NOTIFY', 'START_TASK']),
  OUTPUT: new Set(['ALLOW', 'BLOCK', 'REDACT', 'REPLACE', 'TAG', 'NOTIFY', 'START_TASK']),
  EVENT: new Set(['ALLOW', 'SET_PRIORITY', 'TAG', 'NOTIFY', 'START_TASK', 'END_CONVERSATION']),
};

/** What rules of a stage can be about. */
export const STAGE_SCOPES: Readonly<Record<RuleStage, ReadonlySet<RuleScopeKind>>> = {
  INPUT: new Set(['ORG', 'AGENT', 'CONVERSATION']),
  ROUTING: new Set(['ORG', 'CONVERSATION']),
  TOOL_CALL: new Set(['ORG', 'AGENT', 'CONVERSATION', 'TOOL']),
  OUTPUT: new Set(['ORG', 'AGENT', 'CONVERSATION']),
  EVENT: new Set(['ORG', 'CONVERSATION']),
};

/** The stages whose rules can ask a model: they are at work within a run, which counts what that costs. */
export const JUDGED_STAGES: ReadonlySet<RuleStage> = new Set(['INPUT', 'TOOL_CALL']);
