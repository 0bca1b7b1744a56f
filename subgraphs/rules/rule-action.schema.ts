import { z } from 'zod';
import { approvalRule, DEFAULT_APPROVAL, EXPIRY_DECISIONS } from '#core/agent/tool-grant';
import { isId } from '#core/id';
import { PRIORITY_LEVELS, ROUTE_STRATEGIES, RULE_DETECTORS, type RuleAction } from '#core/rule/rule-action';
import { MAX_PATTERN, patternProblem } from '#core/rule/rule-pattern';
import { isStorable, toWholeCharacters } from '#core/storable-text';

const isKept = (text: string): boolean => isStorable(text) && toWholeCharacters(text) === text;

/** Text that PostgreSQL can keep. */
export const text = (max: number) =>
  z
    .string()
    .max(max, `It must have at most ${max.toLocaleString('en')} characters`)
    .refine(isKept, 'It holds characters that cannot be stored');

const message = text(1_000).trim().min(1, 'Say what people are told');

const id = z.string().refine(isId, 'It is not an id');

const unique = <Item>(items: readonly Item[]): Item[] => [...new Set(items)];

const pattern = text(MAX_PATTERN).superRefine((value, context) => {
  const problem = patternProblem(value);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

const redact = z
  .object({
    detectors: z.array(z.enum(RULE_DETECTORS)).nullish(),
    patterns: z.array(pattern).max(20, 'There can be at most 20 patterns').nullish(),
    replacement: text(100).nullish(),
  })
  .transform(({ detectors, patterns, replacement }) => ({
    detectors: unique(detectors ?? []),
    patterns: unique(patterns ?? []),
    replacement: replacement ?? '[redacted]',
  }))
  .refine(({ detectors, patterns }) => detectors.length + patterns.length > 0, 'Give a detector or a pattern');

const requireApproval = z
  .object({
    role: text(100).nullish(),
    expiresInSeconds: approvalRule.shape.expiresInSeconds.nullish(),
    onExpiry: z.enum(EXPIRY_DECISIONS).nullish(),
  })
  .transform(({ role, expiresInSeconds, onExpiry }) => ({
    role: role || null,
    expiresInSeconds: expiresInSeconds ?? DEFAULT_APPROVAL.expiresInSeconds,
    onExpiry: onExpiry ?? DEFAULT_APPROVAL.onExpiry,
  }));

const target = z
  .object({
    agentId: id.nullish(),
    userId: id.nullish(),
    weight: z.int().min(1, 'It must be between 1 and 1,000').max(1_000, 'It must be between 1 and 1,000').nullish(),
  })
  .refine(({ agentId, userId }) => (agentId == null) !== (userId == null), 'Give either agentId or userId')
  .transform(({ agentId, userId, weight }) => ({
    kind: agentId ? ('AGENT' as const) : ('USER' as const),
    id: agentId ?? userId ?? '',
    weight: weight ?? 1,
  }));

const route = z.object({
  to: z.array(target).min(1, 'Give at least one').max(20, 'There can be at most 20'),
  strategy: z
    .enum(ROUTE_STRATEGIES)
    .nullish()
    .transform((value) => value ?? ('FIRST' as const)),
});

const tag = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}_.:-]{0,49}$/u, 'A tag has at most 50 letters, digits, -, _, . and :');

const notify = z
  .object({
    userIds: z.array(id).max(50, 'There can be at most 50').nullish(),
    roles: z.array(text(100)).max(10, 'There can be at most 10').nullish(),
    message,
  })
  .transform(({ userIds, roles, ...rest }) => ({ ...rest, userIds: unique(userIds ?? []), roles: unique(roles ?? []) }))
  .refine(({ userIds, roles }) => userIds.length + roles.length > 0, 'Give persons or roles');

const MEMBERS = {
  allow: z.literal(true, 'It must be true').nullish(),
  block: z.object({ message }).nullish(),
  redact: redact.nullish(),
  replace: z.object({ with: text(10_000) }).nullish(),
  requireApproval: requireApproval.nullish(),
  route: route.nullish(),
  setPriority: z.object({ level: z.enum(PRIORITY_LEVELS) }).nullish(),
  tag: z
    .object({
      tags: z.array(tag).min(1, 'Give at least one').max(20, 'There can be at most 20').transform(unique),
    })
    .nullish(),
  notify: notify.nullish(),
  startTask: z.object({ agentId: id, input: text(10_000).min(1, 'Say what is to be done') }).nullish(),
  endConversation: z.object({ message }).nullish(),
} as const;

export type ActionMember = keyof typeof MEMBERS;

const KINDS: Record<ActionMember, RuleAction['kind']> = {
  allow: 'ALLOW',
  block: 'BLOCK',
  redact: 'REDACT',
  replace: 'REPLACE',
  requireApproval: 'REQUIRE_APPROVAL',
  route: 'ROUTE',
  setPriority: 'SET_PRIORITY',
  tag: 'TAG',
  notify: 'NOTIFY',
  startTask: 'START_TASK',
  endConversation: 'END_CONVERSATION',
};

/** The name that an action goes by in inputs. */
export const memberOf = (kind: RuleAction['kind']): string =>
  Object.entries(KINDS).find(([, each]) => each === kind)?.[0] ?? kind;

/** One action as clients send it, made into what is stored. */
export const actionInput = z
  .object(MEMBERS)
  .transform((value) => Object.entries(value).filter(([, member]) => member != null))
  .superRefine((given, context) => {
    if (given.length === 1) return;
    const what =
      given.length === 0 ? 'Give one action' : `Give one action, not ${given.map(([name]) => name).join(', ')}`;
    context.addIssue({ code: 'custom', message: `${what}: exactly one member` });
  })
  .transform((given): RuleAction => {
    const [member = 'allow', settings] = given[0] ?? [];
    const kind = KINDS[member as ActionMember];
    return { kind, ...(typeof settings === 'object' ? settings : {}) } as RuleAction;
  });
