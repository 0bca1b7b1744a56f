import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Transactions } from '#core/database/transaction';
import { notFound } from '#core/error';
import { newId } from '#core/id';
import type { Peers } from '#core/peer/peer';
import { recheckViewer } from '#core/peer/recheck-viewer';
import type { Sealer } from '#core/seal';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import type { Conversation } from '#prisma/generated/client';
import { openRoom } from '../conversation.access.ts';
import { type ConversationLoaders, createLoaders } from '../conversation.loaders.ts';
import { actorOf } from '../conversation-outbox.ts';
import type { Named, PeerDirectory } from '../peer-directory.ts';
import { type ExportConversationInput, type ExportFormat, type ExportPageType, exportSchema } from './export.type.ts';
import type { ExportReader } from './export-reader.ts';
import { type ExportTicket, openTicket, sealTicket, TICKET_MS } from './export-ticket.ts';
import { type ExportWriter, JSON_WRITER, MARKDOWN_WRITER, type Names } from './export-writer.ts';

const FORMATS: Record<ExportFormat, { writer: ExportWriter; contentType: string; extension: string }> = {
  JSON: { writer: JSON_WRITER, contentType: 'application/json; charset=utf-8', extension: 'json' },
  MARKDOWN: { writer: MARKDOWN_WRITER, contentType: 'text/markdown; charset=utf-8', extension: 'md' },
};

/** How many names are asked for at once. */
const NAMES_AT_ONCE = 100;

export interface ExportOptions {
  database: Database;
  transactions: Transactions;
  sealer: Sealer;
  peers: Peers;
  directory: PeerDirectory;
  reader: ExportReader;
}

/** Writes rooms down. An export is made while it is fetched, a piece after the other, and is kept nowhere. */
export class ExportService {
  constructor(private readonly options: ExportOptions) {}

  /** Gives the ticket with which an export is fetched. */
  async start(viewer: Viewer, input: ExportConversationInput, loaders: ConversationLoaders) {
    const { conversationId, format } = validate(exportSchema, input);
    const { room } = await openRoom(viewer, conversationId, loaders);
    const { sealer, transactions, reader } = this.options;
    const expiresAt = Date.now() + TICKET_MS;
    const ticket: ExportTicket = {
      credential: { kind: viewer.credential.kind, id: viewer.credential.id },
      userId: viewer.userId,
      orgId: viewer.orgId,
      conversationId: room.id,
      format,
      expiresAt,
      part: 'HEAD',
      after: null,
      upTo: await reader.newest(room.id),
    };
    await transactions.scoped((unit) =>
      unit.emit({
        id: newId(),
        orgId: viewer.orgId,
        type: 'conversation.exported',
        payload: { conversationId: room.id, format },
        actor: actorOf(viewer),
      }),
    );
    const url = `/exports?ticket=${sealTicket(sealer, ticket)}`;
    return { url, expiresAt: new Date(expiresAt), fileName: fileNameOf(room, format) };
  }

  /**
   * The piece that a ticket stands for. Whoever has it looks at the room on behalf of who asked for it, as far as that
   * one still may.
   * @throws ParleyError `NOT_FOUND` where it has expired or stands for nothing any more.
   */
  async page(text: string): Promise<ExportPageType> {
    const ticket = openTicket(this.options.sealer, text);
    if (!ticket) throw notFound('export');
    const viewer = await recheckViewer(this.options.peers, ticket);
    if (!viewer) throw notFound('export');
    return runInOrg(ticket.orgId, async () => {
      const { room } = await openRoom(viewer, ticket.conversationId, createLoaders(this.options.database));
      const { writer, contentType } = FORMATS[ticket.format];
      const { text: written, next } = await this.write(viewer, room, ticket, writer);
      const following =
        next && sealTicket(this.options.sealer, { ...ticket, ...next, expiresAt: Date.now() + TICKET_MS });
      return { text: written, next: following, contentType, fileName: fileNameOf(room, ticket.format) };
    });
  }

  private async write(viewer: Viewer, room: Conversation, ticket: ExportTicket, writer: ExportWriter): Promise<Piece> {
    const { reader } = this.options;
    switch (ticket.part) {
      case 'HEAD': {
        const [participants, readMarks] = await Promise.all([reader.participants(room.id), reader.readMarks(room.id)]);
        const speakers = participants.map((row) => ({ kind: row.kind, id: row.participantId }));
        const names = await this.namesOf(viewer, [...speakers, { kind: 'USER', id: room.createdById }]);
        const head = writer.head({ room, participants, readMarks, at: new Date() }, names);
        return { text: head, next: { part: 'MESSAGES', after: null } };
      }
      case 'MESSAGES': {
        const rows = await reader.messages(room.id, ticket.after ?? '0', ticket.upTo);
        const last = rows.at(-1);
        if (!last) return { text: '', next: { part: 'RUNS', after: null } };
        const names = await this.namesOf(
          viewer,
          rows.map((row) => ({ kind: row.authorKind, id: row.authorId })),
        );
        const next = { part: 'MESSAGES' as const, after: String(last.position) };
        return { text: writer.messages(rows, ticket.after === null, names), next };
      }
      case 'RUNS': {
        const rows = await reader.runs(room.id, ticket.after);
        const last = rows.at(-1);
        const written = writer.runs(rows, ticket.after === null);
        return { text: written, next: last ? { part: 'RUNS', after: last.id } : { part: 'END', after: null } };
      }
      case 'END':
        return { text: writer.end(), next: null };
    }
  }

  private async namesOf(viewer: Viewer, people: { kind: string; id: string }[]): Promise<Names> {
    const names = new Map<string, Named>();
    for (const kind of ['USER', 'AGENT']) {
      const ids = [...new Set(people.filter((each) => each.kind === kind).map(({ id }) => id))];
      for (let from = 0; from < ids.length; from += NAMES_AT_ONCE) {
        const some = ids.slice(from, from + NAMES_AT_ONCE);
        const { directory } = this.options;
        const found = await (kind === 'USER' ? directory.users(viewer, some) : directory.agentNames(viewer, some));
        for (const named of found) names.set(named.id, named);
      }
    }
    return names;
  }
}

interface Piece {
  text: string;
  next: Pick<ExportTicket, 'part' | 'after'> | null;
}

/** Letters and digits of the title, in a length that every file system takes. */
function fileNameOf({ title }: Conversation, format: ExportFormat): string {
  const words = (title ?? '').match(/[\p{L}\p{N}]+/gu) ?? [];
  const stem = words.join('-').slice(0, 60) || 'conversation';
  return `${stem}.${FORMATS[format].extension}`;
}
