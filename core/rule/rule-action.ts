import { z } from 'zod';
import { approvalRule } from '#core/agent/tool-grant';

/** What detectors of the guard find in a text: see `core/guard`. */
export const RULE_DETECTORS = ['EMAIL', 'PHONE', 'CARD', 'IBAN', 'SECRET'] as const;

export type RuleDetector = (typeof RULE_DETECTORS)[number];

/** How one of several is chosen who could answer. */
export const ROUTE_STRATEGIES = ['FIRST', 'ROUND_ROBIN', 'LEAST_LOADED', 'WEIGHTED'] as const;

export type RouteStrategy = (typeof ROUTE_STRATEGIES)[number];

/** How soon what a conversation asks for is worked on, against other conversations. */
export const PRIORITY_LEVELS = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const;

export type PriorityLevel = (typeof PRIORITY_LEVELS)[number];

const message = z.string().min(1).max(1_000);

const routeTarget = z.object({
  /** An agent or a team goes by `AGENT`. */
  kind: z.enum(['AGENT', 'USER']),
  id: z.string(),
  /** With `WEIGHTED`: how often it is chosen, against the others. */
  weight: z.int().min(1).max(1_000),
});

export type RouteTarget = z.output<typeof routeTarget>;

/** What a rule does where its condition is true, as it is stored: `kind` says which of them it is. */
export const ruleAction = z.discriminatedUnion('kind', [
  /** Nothing that comes after it is looked at: an exception from rules of lower priority. */
  z.object({ kind: z.literal('ALLOW') }),
  /** It goes no further; nothing that comes after it is looked at. `message` is shown to people. */
  z.object({ kind: z.literal('BLOCK'), message }),
  /** What detectors and patterns find is put out of sight. */
  z.object({
    kind: z.literal('REDACT'),
    detectors: z.array(z.enum(RULE_DETECTORS)),
    /** Regular expressions of JavaScript, with the flag `u`: see `rule-pattern.ts`. */
    patterns: z.array(z.string()),
    /** What is put in its place. */
    replacement: z.string(),
  }),
  /** Another text in its place. */
  z.object({ kind: z.literal('REPLACE'), with: z.string() }),
  /** A person has to agree first. */
  z.object({ kind: z.literal('REQUIRE_APPROVAL'), ...approvalRule.omit({ rule: true, condition: true }).shape }),
  /** Who answers. */
  z.object({ kind: z.literal('ROUTE'), to: z.array(routeTarget).min(1), strategy: z.enum(ROUTE_STRATEGIES) }),
  z.object({ kind: z.literal('SET_PRIORITY'), level: z.enum(PRIORITY_LEVELS) }),
  z.object({ kind: z.literal('TAG'), tags: z.array(z.string()).min(1) }),
  /** People are told: those named, and those who have one of the roles. */
  z.object({ kind: z.literal('NOTIFY'), userIds: z.array(z.string()), roles: z.array(z.string()), message }),
  /** An agent or a team gets something to do beside the conversation. */
  z.object({ kind: z.literal('START_TASK'), agentId: z.string(), input: z.string() }),
  /** Nobody writes in it any more; nothing that comes after it is looked at. `message` is shown to people. */
  z.object({ kind: z.literal('END_CONVERSATION'), message }),
]);

export type RuleAction = z.output<typeof ruleAction>;

export type RuleActionKind = RuleAction['kind'];

/** One action by its kind: `RuleActionOf<'BLOCK'>`. */
export type RuleActionOf<Kind extends RuleActionKind> = Extract<RuleAction, { kind: Kind }>;

/** After these nothing more is looked at. */
export const TERMINAL_ACTIONS: ReadonlySet<RuleActionKind> = new Set(['ALLOW', 'BLOCK', 'END_CONVERSATION']);
