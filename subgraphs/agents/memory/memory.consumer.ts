import type { EventConsumer } from '#core/outbox/consumer';

/** Who or what is gone, by the event that tells of it. */
const SUBJECTS: Record<string, { scope: 'USER' | 'CONVERSATION'; idIn: string }> = {
  'member.removed': { scope: 'USER', idIn: 'userId' },
  'user.erased': { scope: 'USER', idIn: 'userId' },
  'member.left': { scope: 'USER', idIn: 'userId' },
  'conversation.deleted': { scope: 'CONVERSATION', idIn: 'conversationId' },
};

/** Forgets people who have left, and rooms that were deleted. */
export const forgetGone: EventConsumer = {
  name: 'agents.forget-gone',
  types: Object.keys(SUBJECTS),
  async consume({ type, payload }, { tx }) {
    const subject = SUBJECTS[type];
    if (!subject) return;
    await tx.memoryBlock.deleteMany({ where: { scope: subject.scope, subjectId: String(payload[subject.idIn]) } });
  },
};
