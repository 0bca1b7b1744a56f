import type { RawTransaction } from '#core/database/transaction';
import type { StreamAppend } from '#core/stream/event';
import type { ContextSummary } from '#prisma/generated/client';
import { eventOf } from '../conversation-event.ts';

/**
 * Stores a summary within a transaction that holds the room, and returns what to show of it. It is there once, however often
 * a run was begun.
 */
export async function insertSummary(summary: ContextSummary, tx: RawTransaction): Promise<StreamAppend[]> {
  const inserted = await tx.$executeRaw`
    INSERT INTO context_summaries (id, org_id, conversation_id, agent_id, run_id, up_to_message_id, up_to_position,
                                   fingerprint, covers_from, message_count, folded_tokens, tokens, model, text, created_at)
    VALUES (${summary.id}::uuid, ${summary.orgId}::uuid, ${summary.conversationId}::uuid, ${summary.agentId}::uuid,
            ${summary.runId}::uuid, ${summary.upToMessageId}::uuid, ${String(summary.upToPosition)}::bigint,
            ${summary.fingerprint}, ${summary.coversFrom}::timestamptz, ${summary.messageCount}, ${summary.foldedTokens}, ${summary.tokens},
            ${summary.model}, ${summary.text}, ${summary.createdAt}::timestamptz)
    ON CONFLICT (conversation_id, agent_id, up_to_position, fingerprint) DO NOTHING`;
  if (inserted === 0) return [];
  const room = { id: summary.conversationId, orgId: summary.orgId };
  const { id, agentId, upToMessageId, messageCount } = summary;
  return [eventOf(room, 'ContextFolded', { summaryId: id, agentId, upToMessageId, messageCount })];
}
