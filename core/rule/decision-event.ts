import { z } from 'zod';
import { newId } from '#core/id';
import type { EventActor, OutboxEventInput } from '#core/outbox/event';
import { RULE_STAGES } from './rule.ts';
import { actionsOf, type RuleDecision } from './rule-decision.ts';

/** What a decision was about. */
export interface DecisionSubject {
  orgId: string;
  conversationId: string;
  runId?: string | null;
  messageId?: string | null;
  agentId?: string | null;
  tool?: string | null;
  /** At the stage ROUTING: how it came to who answers. */
  routing?: RoutingRecord | null;
}

const candidate = z.object({
  kind: z.enum(['AGENT', 'USER']),
  id: z.string(),
  name: z.string(),
  /** What it had under way; null where nobody looked. */
  running: z.int().nullable(),
  isFailing: z.boolean().nullable(),
  /** Why it was passed over; null where it was not. */
  passedOver: z.string().nullable(),
});

const routingRecord = z.object({
  /** Null where nobody could be chosen: then the room decides as it does without a rule. */
  chosen: z.object({ kind: z.enum(['AGENT', 'USER']), id: z.string() }).nullable(),
  strategy: z.string(),
  candidates: z.array(candidate),
  reasons: z.array(z.string()),
});

/** Who was chosen to answer of whom, and why. */
export type RoutingRecord = z.output<typeof routingRecord>;

const name = z.object({ id: z.string(), versionId: z.string(), version: z.int(), name: z.string() });

/** The payload of `rule.decided`: nothing of what was said, and of rules only what is shown to people. */
export const ruleDecided = z.object({
  stage: z.enum(RULE_STAGES),
  outcome: z.enum(['PASSED', 'ALLOWED', 'BLOCKED', 'ENDED', 'APPROVAL']),
  conversationId: z.string(),
  runId: z.string().nullable(),
  messageId: z.string().nullable(),
  agentId: z.string().nullable(),
  tool: z.string().nullable(),
  /** Every rule that counted or could not be evaluated, in order, with the kinds of its actions. */
  reasons: z.array(
    z.object({
      rule: name,
      counts: z.boolean(),
      why: z.string(),
      error: z.string().nullable(),
      actions: z.array(z.string()),
    }),
  ),
  routing: routingRecord.nullable(),
  notices: z.array(
    z.object({ rule: name, userIds: z.array(z.string()), roles: z.array(z.string()), message: z.string() }),
  ),
  tasks: z.array(z.object({ rule: name, agentId: z.string(), input: z.string() })),
  micros: z.int(),
  decidedAt: z.string(),
});

export type RuleDecided = z.output<typeof ruleDecided>;

/** What a person is told who is chosen to answer. */
const ASKED = 'You were chosen to answer a message.';

/** The event that tells of a decision, to be written with what is done about it. Its id is that of the decision. */
export function decisionEvent(
  decision: RuleDecision,
  { orgId, ...subject }: DecisionSubject,
  actor?: EventActor,
): OutboxEventInput {
  const wants = new Map(decision.matched.map(({ rule, actions }) => [rule.id, actions]));
  const payload: RuleDecided = {
    stage: decision.stage,
    outcome: decision.outcome,
    conversationId: subject.conversationId,
    runId: subject.runId ?? null,
    messageId: subject.messageId ?? null,
    agentId: subject.agentId ?? null,
    tool: subject.tool ?? null,
    reasons: decision.trace
      .filter(({ rule, result }) => result === 'FAILED' || wants.has(rule.id))
      .map(({ rule, why, error }) => ({
        rule,
        counts: wants.has(rule.id),
        why,
        error,
        actions: (wants.get(rule.id) ?? []).map(({ kind }) => kind),
      })),
    routing: subject.routing ?? null,
    notices: [
      ...actionsOf(decision, 'NOTIFY').map(({ rule, action: { userIds, roles, message } }) => ({
        rule,
        userIds,
        roles,
        message,
      })),
      ...actionsOf(decision, 'ROUTE').flatMap(({ rule }) => {
        const chosen = subject.routing?.chosen;
        return chosen?.kind === 'USER' ? [{ rule, userIds: [chosen.id], roles: [], message: ASKED }] : [];
      }),
    ],
    tasks: actionsOf(decision, 'START_TASK').map(({ rule, action: { agentId, input } }) => ({ rule, agentId, input })),
    micros: decision.micros,
    decidedAt: new Date().toISOString(),
  };
  return { id: newId(), orgId, type: 'rule.decided', payload, ...(actor && { actor }) };
}
