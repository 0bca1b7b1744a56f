import type { RawTransaction } from '#core/database/transaction';
import { actionsOf, type RuleDecision } from '#core/rule/rule-decision';

/** A room keeps as many tags at most; further ones are left out. */
const MAX_TAGS = 50;

/** Does with a room what a decision wants: tags, its priority, its end. */
export async function affectRoom(tx: RawTransaction, roomId: string, decision: RuleDecision): Promise<void> {
  const tags = [...new Set(actionsOf(decision, 'TAG').flatMap(({ action }) => action.tags))];
  const [priority] = actionsOf(decision, 'SET_PRIORITY');
  const [end] = actionsOf(decision, 'END_CONVERSATION');
  if (tags.length === 0 && !priority && !end) return;
  await tx.$executeRaw`
    UPDATE conversations SET
      tags = (SELECT coalesce(array_agg(tag ORDER BY place), '{}') FROM (
        SELECT tag, min(place) AS place FROM unnest(tags || ${tags}::text[]) WITH ORDINALITY AS t (tag, place)
        GROUP BY tag ORDER BY min(place) LIMIT ${MAX_TAGS}::int) AS kept),
      priority = coalesce(${priority?.action.level ?? null}::text::"ConversationPriority", priority),
      ended_why = CASE WHEN ended_at IS NULL THEN ${end?.action.message ?? null}::text ELSE ended_why END,
      ended_at = coalesce(ended_at, CASE WHEN ${end !== undefined}::boolean THEN clock_timestamp() END),
      updated_at = clock_timestamp()
    WHERE id = ${roomId}::uuid`;
}
