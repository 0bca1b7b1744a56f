import { z } from 'zod';

/** Which calls of a tool a person has to approve: none, every one, or those for which a condition is true. */
export const APPROVAL_RULES = ['NEVER', 'ALWAYS', 'WHEN'] as const;

/** What becomes of a call that nobody decided about in time. */
export const EXPIRY_DECISIONS = ['APPROVE', 'REJECT'] as const;

export type ExpiryDecision = (typeof EXPIRY_DECISIONS)[number];

export const approvalRule = z.object({
  rule: z.enum(APPROVAL_RULES),
  /** With `WHEN`: a CEL expression over `args` (the arguments), `tool` (its name), `agent` and `input` (texts). */
  condition: z.string().max(2_000).nullable(),
  /** The role that whoever decides must have; null for whoever may decide at all. */
  role: z.string().max(100).nullable(),
  /** After so many seconds the call is decided by `onExpiry`. */
  expiresInSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400),
  onExpiry: z.enum(EXPIRY_DECISIONS),
});

export type ApprovalRule = z.output<typeof approvalRule>;

/** Of a tool that needs approval, where nothing else is said: a person has a day, then the call is refused. */
export const DEFAULT_APPROVAL: ApprovalRule = {
  rule: 'ALWAYS',
  condition: null,
  role: null,
  expiresInSeconds: 86_400,
  onExpiry: 'REJECT',
};

/** A tool that an agent may call, by its name in the registry of tools. */
export const toolGrant = z.object({
  name: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, 'It is not the name of a tool'),
  approval: approvalRule.nullable(),
});

export type ToolGrant = z.output<typeof toolGrant>;
