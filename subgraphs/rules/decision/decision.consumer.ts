import type { ScopedUnit } from '#core/database/transaction';
import { newId } from '#core/id';
import type { EventConsumer } from '#core/outbox/consumer';
import type { OutboxEvent } from '#core/outbox/event';
import { type RuleDecided, ruleDecided } from '#core/rule/decision-event';
import type { MemberDirectory } from './member-directory.ts';

/** Keeps what was decided anywhere, tells the people whom rules want told, and asks for the tasks that they want started. */
export const keepDecisions = (members: MemberDirectory): EventConsumer => ({
  name: 'rules.keep-decisions',
  types: ['rule.decided'],
  async consume(event, unit) {
    const decided = ruleDecided.parse(event.payload);
    const notices = await noticesOf(event, decided, members);
    await store(unit, event.id, decided);
    if (notices.length > 0) await unit.tx.ruleNotice.createMany({ data: notices, skipDuplicates: true });
    for (const { rule, agentId, input } of decided.tasks) {
      const { conversationId, runId, messageId } = decided;
      await unit.emit({
        id: newId(),
        orgId: event.orgId,
        type: 'rule.task_requested',
        payload: { decisionId: event.id, ruleId: rule.id, agentId, input, conversationId, runId, messageId },
        ...(event.actor && { actor: event.actor }),
      });
    }
  },
});

async function store({ tx }: ScopedUnit, id: string, decided: RuleDecided): Promise<void> {
  const { stage, outcome, conversationId, runId, messageId, agentId, tool, reasons, routing, micros } = decided;
  await tx.ruleDecision.create({
    data: {
      id,
      stage,
      outcome,
      conversationId,
      runId,
      messageId,
      agentId,
      tool,
      reasons,
      ...(routing && { routing }),
      micros,
      decidedAt: new Date(decided.decidedAt),
    },
  });
  const ruleIds = [...new Set(reasons.map(({ rule }) => rule.id))];
  await tx.ruleDecisionRule.createMany({ data: ruleIds.map((ruleId) => ({ decisionId: id, ruleId })) });
}

async function noticesOf({ id, orgId }: OutboxEvent, decided: RuleDecided, members: MemberDirectory) {
  const told = await Promise.all(
    decided.notices.map(async ({ rule, userIds, roles, message }) => {
      const ofRoles = await members.withRoles(orgId, roles);
      return [...new Set([...userIds, ...ofRoles])].map((userId) => ({
        userId,
        decisionId: id,
        ruleId: rule.id,
        ruleName: rule.name,
        conversationId: decided.conversationId,
        message,
      }));
    }),
  );
  return told.flat();
}
