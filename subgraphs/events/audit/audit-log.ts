import { z } from 'zod';
import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import { validate } from '#core/validate';
import { readFilter } from '../log/event-filter.ts';
import { reference } from '../reference.type.ts';
import type { AuditCheckpointType, AuditEntryType, AuditFilter } from './audit.type.ts';
import { AUDIT_COLUMNS, type AuditRow, PERSONAL_COLUMNS, type PersonalRow } from './audit-row.ts';
import { type Checkpoint, signedText } from './checkpoint.ts';

const MAX_COUNTED = 10_000;

/** An entry with what it still knows of who somebody is. */
export interface KnownEntry {
  row: AuditRow;
  personal: Record<string, PersonalRow>;
}

const requestIdSchema = z.object({ requestId: z.string().max(200).nullish() });

/** The audit trail of the current organization, to be read. */
export class AuditLog {
  constructor(private readonly database: Pick<Database, 'scopedPool'>) {}

  /** The entries that fit, the newest first. @throws ParleyError `BAD_USER_INPUT` */
  async list(filter: AuditFilter | null | undefined, args: PageArgs): Promise<Page<AuditEntryType>> {
    const request = readPage(args, { parse: ([kind, seq]) => placeOf('au', kind, seq) });
    const entries = await this.read(filter, { before: request.cursor, size: request.limit + 1 });
    return toPage(request, entries, {
      cursorOf: ({ row }) => encodeCursor('au', row.seq),
      present: presentEntry,
      totalCount: () => this.count(filter),
    });
  }

  /** Entries that fit, the newest first from `before` on, or the oldest first from `after` on. */
  async read(
    filter: AuditFilter | null | undefined,
    { before = null, after = null, size }: { before?: number | null; after?: number | null; size: number },
  ): Promise<KnownEntry[]> {
    const values = valuesOf(filter);
    if (!values) return [];
    const order = after === null ? 'DESC' : 'ASC';
    const rows = await this.query<AuditRow>(
      `SELECT ${AUDIT_COLUMNS} ${FITTING} AND ($8::bigint IS NULL OR a.seq < $8) AND ($9::bigint IS NULL OR a.seq > $9)
       ORDER BY a.seq ${order} LIMIT $10`,
      [...values, before, after, size],
    );
    const known = new Map<number, Record<string, PersonalRow>>();
    for (const each of await this.query<PersonalRow>(
      `SELECT ${PERSONAL_COLUMNS} FROM audit_personal p WHERE p.seq = ANY($1::bigint[])`,
      [rows.map(({ seq }) => seq)],
    )) {
      known.set(each.seq, { ...known.get(each.seq), [each.part]: each });
    }
    return rows.map((row) => ({ row, personal: known.get(row.seq) ?? {} }));
  }

  /** The newest entry's place; 0 where there is none. */
  async head(): Promise<{ seq: number; hash: string } | null> {
    const rows = await this.query<{ seq: number; hash: string }>(
      'SELECT seq::float8 AS seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1',
    );
    return rows[0] ?? null;
  }

  async checkpoints(orgId: string, args: PageArgs): Promise<Page<AuditCheckpointType>> {
    const request = readPage(args, { parse: ([kind, seq]) => placeOf('ac', kind, seq) });
    const rows = await this.query<Omit<Checkpoint, 'orgId'>>(
      `SELECT seq::float8 AS seq, hash, at, key_id AS "keyId", signature FROM audit_checkpoints
       WHERE $1::bigint IS NULL OR seq < $1 ORDER BY seq DESC LIMIT $2`,
      [request.cursor, request.limit + 1],
    );
    return toPage(request, rows, {
      cursorOf: ({ seq }) => encodeCursor('ac', seq),
      present: (row) => presentCheckpoint({ ...row, orgId }),
      totalCount: async () =>
        (await this.query<{ count: number }>('SELECT count(*)::int AS count FROM audit_checkpoints'))[0]?.count ?? 0,
    });
  }

  /** @returns null where it was not signed at that place. */
  async checkpoint(orgId: string, seq: number): Promise<AuditCheckpointType | null> {
    const [row] = await this.query<Omit<Checkpoint, 'orgId'>>(
      'SELECT seq::float8 AS seq, hash, at, key_id AS "keyId", signature FROM audit_checkpoints WHERE seq = $1',
      [seq],
    );
    return row ? presentCheckpoint({ ...row, orgId }) : null;
  }

  private async count(filter: AuditFilter | null | undefined): Promise<number> {
    const values = valuesOf(filter);
    if (!values) return 0;
    const counted = `SELECT count(*)::int AS count FROM (SELECT 1 ${FITTING} LIMIT ${MAX_COUNTED}) AS fitting`;
    return (await this.query<{ count: number }>(counted, values))[0]?.count ?? 0;
  }

  private async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.scopedPool.query<Row>(text, values)).rows;
  }
}

const placeOf = (wanted: string, kind: string | undefined, seq: string | undefined): number | null =>
  kind === wanted && seq !== undefined && /^\d{1,15}$/.test(seq) ? Number(seq) : null;

/** Null where nothing can fit. @throws ParleyError `BAD_USER_INPUT` */
function valuesOf(filter: AuditFilter | null | undefined): unknown[] | null {
  const { requestId = null } = validate(requestIdSchema, { requestId: filter?.requestId }, 'filter');
  const { types, actorId, subjectId, conversationId, since, until, isPossible } = readFilter(filter);
  return isPossible ? [types, actorId, subjectId, conversationId, since, until, requestId] : null;
}

const FITTING = `FROM audit_entries a
  WHERE ($1::text[] IS NULL OR a.type = ANY($1)) AND ($2::uuid IS NULL OR a.actor_id = $2)
    AND ($3::uuid IS NULL OR a.subject_id = $3) AND ($4::uuid IS NULL OR a.conversation_id = $4)
    AND ($5::timestamptz IS NULL OR a.occurred_at >= $5) AND ($6::timestamptz IS NULL OR a.occurred_at < $6)
    AND ($7::text IS NULL OR a.request_id = $7)`;

function presentEntry({ row, personal }: KnownEntry): AuditEntryType {
  const { actor, subject } = personal;
  const from = (actor?.fields ?? {}) as { ip?: string; userAgent?: string };
  return {
    id: row.eventId,
    seq: row.seq,
    type: row.type,
    at: row.occurredAt,
    recordedAt: row.recordedAt,
    actor: row.actorId
      ? { user: { id: row.actorId }, agent: reference(row.actorAgentId), credentialKind: row.credentialKind }
      : null,
    credentialId: row.credentialId,
    ip: from.ip ?? null,
    userAgent: from.userAgent ?? null,
    requestId: row.requestId,
    subject: row.subjectKind ? { kind: row.subjectKind, id: row.subjectId } : null,
    conversation: reference(row.conversationId),
    data: row.data as Record<string, unknown>,
    before: row.before,
    after: row.after,
    personal: subject?.fields ?? null,
    isErased: Object.values(personal).some(({ fields }) => fields === null),
    hash: row.hash,
    previousHash: row.previousHash,
  };
}

const presentCheckpoint = (checkpoint: Checkpoint): AuditCheckpointType => ({
  ...checkpoint,
  signedText: signedText(checkpoint),
});
