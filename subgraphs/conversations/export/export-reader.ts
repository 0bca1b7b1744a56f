import type { Database } from '#core/database/database';
import type { Message, ModelCall, Participant, Reaction, ReadMark, Run } from '#prisma/generated/client';
import { withStreamedText } from '../streamed-text.ts';

/** How much of a room one piece of an export holds: rows, and bytes of what they say beyond which it ends early. */
const PAGE_ROWS = 200;
const PAGE_BYTES = 512 * 1024;

/** `versionOf`: the first version of the message, where this is another one. */
export type ExportedMessage = Message & { reactions: Reaction[]; versionOf: string | null };
export type ExportedRun = Run & { modelCalls: ModelCall[] };

/** Reads a room piece by piece, within the organization of the current work. */
export class ExportReader {
  constructor(private readonly database: Database) {}

  /** The place of the newest message, '0' where there is none. */
  async newest(conversationId: string): Promise<string> {
    const row = await this.database.scoped.message.findFirst({
      where: { conversationId },
      orderBy: { position: 'desc' },
      select: { position: true },
    });
    return String(row?.position ?? 0);
  }

  /** Whoever is or was in the room. */
  participants(conversationId: string): Promise<Participant[]> {
    return this.database.scoped.participant.findMany({
      where: { conversationId },
      orderBy: [{ joinedAt: 'asc' }, { id: 'asc' }],
    });
  }

  readMarks(conversationId: string): Promise<ReadMark[]> {
    return this.database.scoped.readMark.findMany({ where: { conversationId }, orderBy: { userId: 'asc' } });
  }

  /** The next messages behind a place, a page of them; at least one where there is any. */
  async messages(conversationId: string, after: string, upTo: string): Promise<ExportedMessage[]> {
    const { rows } = await this.database.scopedPool.query<{ id: string }>(MESSAGES, [
      conversationId,
      after,
      upTo,
      PAGE_ROWS,
      PAGE_BYTES,
    ]);
    const found = await this.database.scoped.message.findMany({
      where: { id: { in: rows.map(({ id }) => id) } },
      orderBy: { position: 'asc' },
      include: { reactions: { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] } },
    });
    const versions = await this.database.scoped.branch.findMany({
      where: { firstMessageId: { in: found.map(({ id }) => id) } },
      select: { firstMessageId: true, originId: true },
    });
    const origins = new Map(versions.map(({ firstMessageId, originId }) => [firstMessageId, originId]));
    return Promise.all(found.map((row) => this.withText({ ...row, versionOf: origins.get(row.id) ?? null })));
  }

  /** The next runs behind one, a page of them. */
  async runs(conversationId: string, after: string | null): Promise<ExportedRun[]> {
    const runs = await this.database.scoped.run.findMany({
      where: { conversationId, ...(after !== null && { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: PAGE_ROWS,
    });
    const calls = await this.database.scoped.modelCall.findMany({
      where: { runId: { in: runs.map(({ id }) => id) } },
      orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
    });
    const byRun = new Map<string, ModelCall[]>(runs.map(({ id }) => [id, []]));
    for (const call of calls) byRun.get(call.runId)?.push(call);
    return runs.map((run) => ({ ...run, modelCalls: byRun.get(run.id) ?? [] }));
  }

  private async withText(row: ExportedMessage): Promise<ExportedMessage> {
    if (row.status !== 'STREAMING') return row;
    const head = await this.database.scoped.streamHead.findFirst({ where: { topic: row.conversationId } });
    const said = await withStreamedText(this.database, row, Number(head?.lastSeq ?? 0));
    return { ...row, ...said };
  }
}

const MESSAGES = `
  SELECT id::text FROM (
    SELECT id, position, sum(bytes) OVER (ORDER BY position) - bytes AS before
    FROM (
      SELECT id, position, octet_length(text) + octet_length(parts::text) AS bytes FROM messages
      WHERE conversation_id = $1::uuid AND position > $2::bigint AND position <= $3::bigint
      ORDER BY position LIMIT $4::int) page
  ) measured WHERE before < $5::int ORDER BY position`;
