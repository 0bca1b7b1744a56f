import type { Database } from '#core/database/database';
import { badInput } from '#core/error';
import { decodeCursor, encodeCursor } from '#core/graphql/pagination';
import { digestPersonal, hashEntry, NO_HASH } from './audit-hash.ts';
import { AUDIT_COLUMNS, type AuditRow, contentOf, PERSONAL_COLUMNS, type PersonalRow } from './audit-row.ts';
import { type AuditKey, type Checkpoint, type Head, isGenuine, type SigningKey } from './checkpoint.ts';

export const PROBLEM_KINDS = ['CHANGED', 'BROKEN', 'MISSING', 'CUT', 'CHECKPOINT', 'PERSONAL'] as const;

/** Something that is not as it was written. */
export interface AuditProblem {
  seq: number;
  kind: (typeof PROBLEM_KINDS)[number];
  message: string;
}

export interface Verification {
  isIntact: boolean;
  /** Entries looked at. */
  checked: number;
  fromSeq: number;
  toSeq: number;
  /** Where to go on; null at the end. */
  next: string | null;
  problems: AuditProblem[];
}

/** Entries looked at in one go, and read at once. */
export const VERIFIED_AT_ONCE = 20_000;
const READ_AT_ONCE = 1_000;
const MAX_PROBLEMS = 100;

/** The last entry that was looked at. */
interface Place {
  seq: number;
  hash: string;
}

/** Looks whether the trail of the current organization is as it was written, some thousand entries in one go. */
export class AuditVerifier {
  constructor(
    private readonly database: Pick<Database, 'scopedPool'>,
    private readonly key: AuditKey,
  ) {}

  /**
   * @param after Where an earlier go ended; null begins where the trail begins.
   * @param anchor A head that was noted elsewhere.
   * @throws ParleyError `BAD_USER_INPUT`
   */
  async verify(orgId: string, after: string | null, anchor: Pick<Head, 'seq' | 'hash'> | null): Promise<Verification> {
    const key = await this.key.load();
    // Before the entries: those that are written meanwhile lie beyond it.
    const end = await this.endOf(orgId);
    const problems: AuditProblem[] = [];
    const start = after === null ? await this.begin(orgId, key, problems) : readPlace(after);
    if (anchor) await this.checkAnchor(anchor, problems);
    let place = start;
    let checked = 0;
    let isOver = false;
    while (!isOver && checked < VERIFIED_AT_ONCE && problems.length < MAX_PROBLEMS) {
      const rows = await this.entries(place.seq);
      await this.checkPersonal(rows, problems);
      for (const row of rows) place = checkEntry(row, place, problems);
      await this.checkCheckpoints(orgId, rows, key, problems);
      checked += rows.length;
      isOver = rows.length < READ_AT_ONCE;
    }
    if (isOver && place.seq < end) {
      problems.push({ seq: end, kind: 'CUT', message: `The trail went to ${end}, and ends at ${place.seq}.` });
    }
    problems.sort((a, b) => a.seq - b.seq);
    return {
      isIntact: problems.length === 0,
      checked,
      fromSeq: start.seq + 1,
      toSeq: place.seq,
      next: isOver ? null : encodeCursor('av', place.seq, place.hash),
      problems: problems.slice(0, MAX_PROBLEMS),
    };
  }

  /** The place before the first entry: the start of everything, or the floor, for which a checkpoint must stand. */
  private async begin(orgId: string, key: SigningKey, problems: AuditProblem[]): Promise<Place> {
    const floors = await this.query<Place>('SELECT seq::float8 AS seq, hash FROM audit_floors');
    const floor = floors[0];
    if (!floor) return { seq: 0, hash: NO_HASH };
    const [stands] = await this.checkpoints(orgId, floor.seq, floor.seq);
    if (!stands || stands.hash !== floor.hash || !isGenuine(key, stands)) {
      problems.push({
        seq: floor.seq,
        kind: 'CHECKPOINT',
        message: 'Nothing that was signed stands for what was removed.',
      });
    }
    const told = await this.query<object>(
      `SELECT 1 FROM audit_entries WHERE type = 'audit.trimmed' AND (data ->> 'upToSeq')::bigint >= $1 AND seq > $1 LIMIT 1`,
      [floor.seq],
    );
    if (told.length === 0) {
      problems.push({ seq: floor.seq, kind: 'MISSING', message: 'No entry tells that those before it were removed.' });
    }
    return floor;
  }

  /** The newest entry that there was, as far as anything else knows. */
  private async endOf(orgId: string): Promise<number> {
    const rows = await this.query<{ seq: number }>(
      `SELECT greatest((SELECT last_seq FROM stream_heads WHERE topic = $1::uuid),
                       (SELECT max(seq) FROM audit_checkpoints))::float8 AS seq`,
      [orgId],
    );
    return rows[0]?.seq ?? 0;
  }

  private async checkAnchor({ seq, hash }: Pick<Head, 'seq' | 'hash'>, problems: AuditProblem[]): Promise<void> {
    const rows = await this.query<{ hash: string }>(
      'SELECT hash FROM audit_entries WHERE seq = $1 UNION SELECT hash FROM audit_checkpoints WHERE seq = $1',
      [seq],
    );
    if (rows.length === 0)
      problems.push({ seq, kind: 'CUT', message: 'There is no entry with the head that was noted.' });
    else if (rows.some((row) => row.hash !== hash)) {
      problems.push({ seq, kind: 'CHANGED', message: 'The entry is not the one with the head that was noted.' });
    }
  }

  private async checkCheckpoints(orgId: string, rows: AuditRow[], key: SigningKey, problems: AuditProblem[]) {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last) return;
    const hashes = new Map(rows.map((row) => [row.seq, row.hash]));
    for (const checkpoint of await this.checkpoints(orgId, first.seq, last.seq)) {
      const { seq } = checkpoint;
      if (!isGenuine(key, checkpoint)) {
        problems.push({ seq, kind: 'CHECKPOINT', message: 'The signature of the checkpoint is not ours.' });
      } else if (hashes.get(seq) !== checkpoint.hash) {
        problems.push({ seq, kind: 'CHECKPOINT', message: 'The entry is not the one that was signed.' });
      }
    }
  }

  /** What is there must be what was digested, and what is gone must be of somebody whose erasure the trail tells of. */
  private async checkPersonal(rows: AuditRow[], problems: AuditProblem[]): Promise<void> {
    const seqs = rows.flatMap((row) => (Object.keys(row.personal).length > 0 ? [row.seq] : []));
    if (seqs.length === 0) return;
    const found = await this.query<PersonalRow & { isErased: boolean }>(
      `SELECT ${PERSONAL_COLUMNS}, EXISTS (
         SELECT 1 FROM audit_erasures x LEFT JOIN audit_entries e ON e.seq = x.seq LEFT JOIN audit_floors f ON true
         WHERE (x.seq <= f.seq OR (e.type = 'user.erased' AND e.subject_id = x.user_id))
           AND (x.user_id = p.user_id OR p.user_id IS NULL)
       ) AS "isErased"
       FROM audit_personal p WHERE p.seq = ANY($1::bigint[])`,
      [seqs],
    );
    const bySeq = new Map(found.map((row) => [`${row.seq} ${row.part}`, row]));
    for (const { seq, personal } of rows) {
      for (const [part, digest] of Object.entries(personal)) {
        const row = bySeq.get(`${seq} ${part}`);
        const isFine = row?.fields && row.salt ? digestPersonal(row.salt, row.fields) === digest : row?.isErased;
        if (!isFine)
          problems.push({ seq, kind: 'PERSONAL', message: `What it knows of its ${part} was changed or removed.` });
      }
    }
  }

  private entries(after: number): Promise<AuditRow[]> {
    return this.query<AuditRow>(
      `SELECT ${AUDIT_COLUMNS} FROM audit_entries a WHERE a.seq > $1 ORDER BY a.seq LIMIT ${READ_AT_ONCE}`,
      [after],
    );
  }

  private async checkpoints(orgId: string, from: number, to: number): Promise<Checkpoint[]> {
    const rows = await this.query<Omit<Checkpoint, 'orgId'>>(
      `SELECT seq::float8 AS seq, hash, at, key_id AS "keyId", signature FROM audit_checkpoints
       WHERE seq BETWEEN $1 AND $2 ORDER BY seq`,
      [from, to],
    );
    return rows.map((row) => ({ ...row, orgId }));
  }

  private async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.scopedPool.query<Row>(text, values)).rows;
  }
}

function checkEntry(row: AuditRow, before: Place, problems: AuditProblem[]): Place {
  const { seq } = row;
  if (seq !== before.seq + 1) {
    const missing = seq - before.seq - 1;
    problems.push({ seq, kind: 'MISSING', message: `${missing} before it ${missing === 1 ? 'is' : 'are'} missing.` });
  } else if (row.previousHash !== before.hash) {
    problems.push({ seq, kind: 'BROKEN', message: 'It does not follow upon the entry before it.' });
  }
  if (hashEntry(contentOf(row)) !== row.hash) {
    problems.push({ seq, kind: 'CHANGED', message: 'It is not what was written.' });
  }
  return { seq, hash: row.hash };
}

function readPlace(cursor: string): Place {
  const [kind, seq, hash] = decodeCursor(cursor) ?? [];
  if (kind !== 'av' || !seq || !hash || !/^\d{1,15}$/.test(seq) || !/^[0-9a-f]{64}$/.test(hash)) {
    throw badInput('after', 'It is not the end of an earlier check.');
  }
  return { seq: Number(seq), hash };
}
