import { z } from 'zod';
import type { Sealer } from '#core/seal';
import { ExportFormat } from './export.type.ts';

/** For how long an export can be begun, and how long each piece of it may take to be fetched, in milliseconds. */
export const TICKET_MS = 5 * 60_000;

const PURPOSE = 'export';

const schema = z.object({
  credential: z.object({ kind: z.enum(['SESSION', 'API_KEY']), id: z.uuid() }),
  userId: z.uuid(),
  orgId: z.uuid(),
  conversationId: z.uuid(),
  format: z.enum(ExportFormat),
  expiresAt: z.number(),
  /** Which part comes next, and behind which row of it. */
  part: z.enum(['HEAD', 'MESSAGES', 'RUNS', 'END']),
  after: z.string().nullable(),
  /** The newest message when the export was begun: later ones are not in it. */
  upTo: z.string(),
});

/** What is to be written next, and on whose behalf: whoever shows it is given that. */
export type ExportTicket = z.infer<typeof schema>;

export const sealTicket = (sealer: Sealer, ticket: ExportTicket): string =>
  Buffer.from(sealer.seal(Buffer.from(JSON.stringify(ticket)), PURPOSE)).toString('base64url');

/** Null where the text is not a ticket of this installation, or one that has expired. */
export function openTicket(sealer: Sealer, text: string): ExportTicket | null {
  try {
    const opened = sealer.open(Buffer.from(text, 'base64url'), PURPOSE);
    const ticket = schema.parse(JSON.parse(opened.toString('utf8')));
    return ticket.expiresAt > Date.now() ? ticket : null;
  } catch {
    return null;
  }
}
