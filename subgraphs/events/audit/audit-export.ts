import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { runInOrg } from '#core/database/tenant';
import type { Transactions } from '#core/database/transaction';
import { notFound } from '#core/error';
import { newId } from '#core/id';
import type { Peers } from '#core/peer/peer';
import { recheckViewer } from '#core/peer/recheck-viewer';
import type { Sealer } from '#core/seal';
import { can, type Viewer } from '#core/viewer';
import { type AuditFilter, AuditFormat, type ExportAuditInput } from './audit.type.ts';
import type { AuditLog, KnownEntry } from './audit-log.ts';

/** For how long an export can be begun, and how long each piece of it may take to be fetched, in milliseconds. */
const TICKET_MS = 5 * 60_000;
const ENTRIES_AT_ONCE = 500;
const PURPOSE = 'audit export';

const ticketSchema = z.object({
  credential: z.object({ kind: z.enum(['SESSION', 'API_KEY']), id: z.uuid() }),
  userId: z.uuid(),
  orgId: z.uuid(),
  format: z.enum(AuditFormat),
  filter: z.record(z.string(), z.unknown()).nullable(),
  expiresAt: z.number(),
  /** The last entry that was written, and the last one that belongs to it. */
  after: z.number(),
  upTo: z.number(),
});

type Ticket = z.infer<typeof ticketSchema>;

/** A piece of an export, as the gateway fetches it. */
export interface AuditExportPage {
  text: string;
  next: string | null;
  contentType: string;
  fileName: string;
}

export interface AuditExportOptions {
  log: AuditLog;
  transactions: Transactions;
  sealer: Sealer;
  peers: Peers;
}

/** Writes the audit trail down, while it is fetched, a piece after the other. */
export class AuditExport {
  constructor(private readonly options: AuditExportOptions) {}

  /** Gives the ticket with which an export is fetched. That it was asked for is in the trail as well. */
  async start(viewer: Viewer, { format, filter }: ExportAuditInput) {
    const { log, transactions } = this.options;
    // Refused here, and not while it is fetched.
    await log.read(filter, { size: 1 });
    const { orgId, userId } = viewer;
    const upTo = (await log.head())?.seq ?? 0;
    const expiresAt = Date.now() + TICKET_MS;
    const { kind, id } = viewer.credential;
    const about = { credential: { kind, id }, userId, orgId, format, filter: filter ? { ...filter } : null };
    await transactions.scoped((unit) => unit.emit({ id: newId(), orgId, type: 'audit.exported', payload: { format } }));
    const ticket = this.seal({ ...about, expiresAt, after: 0, upTo });
    return { url: `/exports?of=audit&ticket=${ticket}`, expiresAt: new Date(expiresAt), fileName: FILE[format].name };
  }

  /**
   * The piece that a ticket stands for, as far as whoever asked for it may still see it.
   * @throws ParleyError `NOT_FOUND` where it has expired or stands for nothing any more.
   */
  async page(text: string): Promise<AuditExportPage> {
    const ticket = this.open(text);
    const viewer = ticket && (await recheckViewer(this.options.peers, ticket));
    if (!ticket || !viewer || !can(viewer, 'audit:read')) throw notFound('export');
    const { format, after, upTo } = ticket;
    const found = await runInOrg(ticket.orgId, () =>
      this.options.log.read(readDates(ticket.filter), { after, size: ENTRIES_AT_ONCE }),
    );
    const entries = found.filter(({ row }) => row.seq <= upTo);
    const last = entries.at(-1);
    const { name, contentType, write } = FILE[format];
    const isOver = !last || found.length < ENTRIES_AT_ONCE || last.row.seq >= upTo;
    const next = isOver ? null : this.seal({ ...ticket, after: last.row.seq, expiresAt: Date.now() + TICKET_MS });
    return { text: write(entries, after === 0), next, contentType, fileName: name };
  }

  private seal(ticket: Ticket): string {
    const sealed = this.options.sealer.seal(Buffer.from(JSON.stringify(ticket)), PURPOSE);
    return Buffer.from(sealed).toString('base64url');
  }

  /** Null where the text is not a ticket of this installation, or one that has expired. */
  private open(text: string): Ticket | null {
    try {
      const opened = this.options.sealer.open(Buffer.from(text, 'base64url'), PURPOSE);
      const ticket = ticketSchema.parse(JSON.parse(opened.toString('utf8')));
      return ticket.expiresAt > Date.now() ? ticket : null;
    } catch {
      return null;
    }
  }
}

/** Moments are text within a ticket. */
function readDates(filter: Ticket['filter']): AuditFilter | null {
  if (!filter) return null;
  const at = (value: unknown) => (typeof value === 'string' ? new Date(value) : null);
  return { ...filter, since: at(filter.since), until: at(filter.until) };
}

/** Everything that the hash is made of, and what the digests of personal fields are made of. */
function flat({ row, personal }: KnownEntry) {
  const known = Object.fromEntries(
    Object.entries(personal).map(([part, { salt, fields }]) => [part, fields && { salt, fields }]),
  );
  return { ...row, knownPersonal: known };
}

const writeLines = (entries: KnownEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(flat(entry))}\n`).join('');

const COLUMNS = [
  'seq',
  'occurredAt',
  'type',
  'actorId',
  'actorAgentId',
  'credentialKind',
  'credentialId',
  'ip',
  'userAgent',
  'requestId',
  'subjectKind',
  'subjectId',
  'conversationId',
  'data',
  'before',
  'after',
  'about',
  'previousHash',
  'hash',
] as const;

const writeCsv = (entries: KnownEntry[], isFirst: boolean): string =>
  stringify(
    entries.map(({ row, personal }) => {
      const { actor, subject } = personal;
      const cells: Record<string, unknown> = { ...row, ...actor?.fields, about: subject?.fields };
      return COLUMNS.map((name) => cellOf(cells[name]));
    }),
    // Whoever opens it in a spreadsheet must not run what somebody called himself.
    { header: isFirst, columns: [...COLUMNS], escape_formulas: true },
  );

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const FILE = {
  JSON_LINES: { name: 'audit.jsonl', contentType: 'application/x-ndjson; charset=utf-8', write: writeLines },
  CSV: { name: 'audit.csv', contentType: 'text/csv; charset=utf-8', write: writeCsv },
} as const;
