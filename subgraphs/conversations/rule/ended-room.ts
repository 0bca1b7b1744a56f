import { conflict } from '#core/error';
import type { Conversation } from '#prisma/generated/client';

/** @throws ParleyError `CONFLICT` where a rule has ended the conversation, with what it tells people */
export function assertOpen({ endedAt, endedWhy }: Pick<Conversation, 'endedAt' | 'endedWhy'>): void {
  if (endedAt) throw conflict(`The conversation has ended: ${endedWhy ?? 'a rule has ended it.'}`);
}
