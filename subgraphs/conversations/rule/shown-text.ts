import type { Database } from '#core/database/database';

/** What models are shown of a message in place of its text; null where it is nothing at all. */
export type ShownTexts = ReadonlyMap<string, string | null>;

/** The messages of which models are shown another text, or nothing: by the newest of what rules have decided of each. */
export async function shownTexts(
  database: Pick<Database, 'scoped'>,
  messageIds: readonly string[],
): Promise<ShownTexts> {
  if (messageIds.length === 0) return new Map();
  const rulings = await database.scoped.messageRuling.findMany({
    where: { messageId: { in: [...messageIds] } },
    orderBy: { id: 'asc' },
    select: { messageId: true, refusal: true, shownText: true },
  });
  const newest = new Map(rulings.map((ruling) => [ruling.messageId, ruling]));
  const shown = new Map<string, string | null>();
  for (const [id, { refusal, shownText }] of newest) {
    if (refusal || shownText !== null) shown.set(id, refusal ? null : shownText);
  }
  return shown;
}

/** The lines as models are shown them. */
export const asShown = <Line extends { id: string; text: string }>(lines: readonly Line[], shown: ShownTexts): Line[] =>
  lines.flatMap((line) => {
    const text = shown.get(line.id);
    return text === undefined ? [line] : text === null ? [] : [{ ...line, text }];
  });
