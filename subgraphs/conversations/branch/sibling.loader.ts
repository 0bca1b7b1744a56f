import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import type { Message } from '#prisma/generated/client';

/** The versions of a message that are there, itself among them, in the order in which they came. */
export type SiblingLoader = DataLoader<string, Message[]>;

/** Of many messages in two queries. Gathers without remembering: a request with several mutations adds some as it goes. */
export const siblingLoader = ({ scoped, scopedPool }: Database): SiblingLoader =>
  new DataLoader(
    async (ids) => {
      const { rows } = await scopedPool.query<{ wanted: string; id: string }>(SIBLINGS, [ids]);
      const found = await scoped.message.findMany({ where: { id: { in: rows.map(({ id }) => id) } } });
      const byMessageId = new Map(found.map((row) => [row.id, row]));
      const versions = new Map<string, Message[]>();
      for (const { wanted, id } of rows) {
        const row = byMessageId.get(id);
        if (row) versions.set(wanted, [...(versions.get(wanted) ?? []), row]);
      }
      return ids.map((id) => versions.get(id) ?? []);
    },
    { cache: false },
  );

/** Row-level security confines it to the organization. */
const SIBLINGS = `
  WITH groups AS (
    SELECT wanted.id, coalesce(b.origin_id, wanted.id) AS origin
    FROM unnest($1::uuid[]) AS wanted (id) LEFT JOIN branches b ON b.first_message_id = wanted.id
  ), versions AS (
    SELECT id, origin AS version FROM groups
    UNION SELECT g.id, b.first_message_id FROM groups g JOIN branches b ON b.origin_id = g.origin
  )
  SELECT v.id::text AS wanted, m.id::text FROM versions v JOIN messages m ON m.id = v.version ORDER BY m.position`;
