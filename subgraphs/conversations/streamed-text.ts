import type { Database } from '#core/database/database';
import type { Message } from '#prisma/generated/client';
import type { EventPayloads } from './conversation-event.ts';
import { ModelReply } from './run/model-reply.ts';

/**
 * A message that is being written, with what the stream holds of it up to `head`. Whoever resumes from there gets the
 * rest and nothing twice.
 */
export async function withStreamedText({ scoped }: Database, row: Message, head: number): Promise<Message> {
  const events = await scoped.streamEvent.findMany({
    where: {
      topic: row.conversationId,
      seq: { gt: row.position, lte: head },
      type: { in: ['MessageDelta', 'ThinkingDelta', 'MessageAttachmentAdded', 'MessageRestarted'] },
    },
    orderBy: { seq: 'asc' },
    select: { type: true, payload: true },
  });
  let said = new ModelReply();
  for (const { type, payload } of events) {
    const { attachment, ...delta } = JSON.parse(payload) as EventPayloads['ThinkingDelta'] &
      EventPayloads['MessageAttachmentAdded'];
    if (delta.messageId !== row.id) continue;
    if (type === 'MessageRestarted') said = new ModelReply();
    else if (type === 'MessageAttachmentAdded') said.attach(attachment);
    else said.add(type === 'MessageDelta' ? 'text' : 'thinking', delta.text);
  }
  return { ...row, text: said.text, parts: said.parts as unknown as Message['parts'] };
}
