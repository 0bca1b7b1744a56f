import { beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { hashEntry, NO_HASH } from '../audit/audit-hash.ts';
import { AUDIT_COLUMNS, type AuditRow, contentOf } from '../audit/audit-row.ts';
import { eventually, listEvents } from '../events.fixture.ts';

const SET = `mutation ($input: SetRecordRetentionInput!) {
  setRecordRetention(input: $input) { recordRetention { eventsDays auditDays minimumDays } }
}`;
const VERIFY = '{ verifyAudit { isIntact checked fromSeq toSeq problems { seq kind } } }';

interface Verified {
  isIntact: boolean;
  fromSeq: number;
  toSeq: number;
  problems: { seq: number; kind: string }[];
}

describe('how long the record is kept', { timeout: 60_000 }, () => {
  let test: TestServer;

  const set = (person: Person, input: object) => person.client.request(SET, { input });
  const verify = async (person: Person) => (await person.client.request<{ verifyAudit: Verified }>(VERIFY)).verifyAudit;
  const owner = async (changes: number) => {
    const person = await test.seed.owner();
    for (let n = 0; n < changes; n++) {
      await person.client.request('mutation { updateOrganization(input: {name: "x"}) { organization { id } } }');
    }
    await eventually(
      () => listEvents(person.client, { types: ['organization.updated'] }),
      ({ length }) => length === changes,
    );
    return person;
  };
  /** Writes the trail anew as though its first entries had been written 100 days earlier, and the log with it. */
  const age = async ({ orgId }: Person, upTo: number) => {
    const client = await test.pool().connect();
    await client.query('begin');
    await client.query("set local session_replication_role = 'replica'");
    const { rows } = await client.query<AuditRow>(
      `select ${AUDIT_COLUMNS} from audit_entries a where org_id = $1 order by seq`,
      [orgId],
    );
    let previousHash = NO_HASH;
    for (const row of rows) {
      const recordedAt = row.seq <= upTo ? new Date(row.recordedAt.getTime() - 100 * 86_400_000) : row.recordedAt;
      const hash = hashEntry({ ...contentOf(row), recordedAt, previousHash });
      await client.query(
        'update audit_entries set recorded_at = $3, previous_hash = $4, hash = $5 where org_id = $1 and seq = $2',
        [orgId, row.seq, recordedAt, previousHash, hash],
      );
      previousHash = hash;
    }
    await client.query('delete from audit_checkpoints where org_id = $1', [orgId]);
    await client.query(
      "update event_records set recorded_at = recorded_at - interval '100 days' where org_id = $1 and seq <= $2",
      [orgId, upTo],
    );
    await client.query('commit');
    client.release();
  };

  beforeAll(async () => {
    test = await startTestServer();
  }, 120_000);

  it('is for ever, until the owner wants it otherwise', async () => {
    const olga = await owner(0);
    const admin = await test.seed.member(olga, 'ADMIN');
    const ask = '{ recordRetention { eventsDays auditDays minimumDays } }';
    expect(await admin.client.request(ask)).toEqual({
      recordRetention: { eventsDays: null, auditDays: null, minimumDays: 7 },
    });
    expect((await admin.client.refusal(SET, { input: { auditDays: 30 } })).extensions.code).toBe('FORBIDDEN');
    for (const field of ['eventsDays', 'auditDays']) {
      expect((await olga.client.refusal(SET, { input: { [field]: 6 } })).extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path: `input.${field}` }],
      });
    }
    await set(olga, { eventsDays: 30, auditDays: 365 });
    const [changed] = await eventually(
      () => listEvents(olga.client, { types: ['audit.retention_changed'] }),
      ({ length }) => length > 0,
    );
    expect(changed?.data).toEqual({
      before: { eventsDays: null, auditDays: null },
      after: { eventsDays: 30, auditDays: 365 },
    });
  });

  it('takes from the start of the trail, for which a signed checkpoint stands', async () => {
    const olga = await owner(8);
    await age(olga, 6);
    expect(await verify(olga)).toMatchObject({ isIntact: true, fromSeq: 1 });
    await set(olga, { eventsDays: 30, auditDays: 30 });
    const after = await eventually(
      () => verify(olga),
      ({ fromSeq }) => fromSeq === 7,
    );
    expect(after).toMatchObject({ isIntact: true, problems: [] });
    const { rows } = await test.pool().query(
      `select (select min(seq)::int from audit_entries where org_id = $1) as audit,
              (select min(seq)::int from audit_personal where org_id = $1) > 6 as personal,
              (select min(seq)::int from event_records where org_id = $1) as events`,
      [olga.orgId],
    );
    expect(rows[0]).toEqual({ audit: 7, personal: true, events: 7 });
    const { auditCheckpoints, auditLog } = await olga.client.request<{
      auditCheckpoints: { nodes: { seq: number }[] };
      auditLog: { nodes: { data: object }[] };
    }>('{ auditCheckpoints { nodes { seq } } auditLog(filter: {types: ["audit.trimmed"]}) { nodes { data } } }');
    expect(auditCheckpoints.nodes.map(({ seq }) => seq)).toContain(6);
    expect(auditLog.nodes).toEqual([{ data: { upToSeq: 6 } }]);
  });

  it('takes nothing from a trail that was changed, and hides nothing behind it', async () => {
    const olga = await owner(8);
    await age(olga, 6);
    const client = await test.pool().connect();
    await client.query('begin');
    await client.query("set local session_replication_role = 'replica'");
    await client.query("update audit_entries set request_id = 'x' where org_id = $1 and seq = 3", [olga.orgId]);
    await client.query('commit');
    client.release();
    await set(olga, { eventsDays: 30, auditDays: 30 });
    await eventually(
      () => listEvents(olga.client, { types: ['event_log.trimmed'] }),
      ({ length }) => length > 0,
    );
    expect(await verify(olga)).toMatchObject({ fromSeq: 1, problems: [{ seq: 3, kind: 'CHANGED' }] });
  });

  it('is found out where somebody else has moved the start', async () => {
    const olga = await owner(8);
    const { checkpointAudit } = await olga.client.request<{ checkpointAudit: { checkpoint: { seq: number } } }>(
      'mutation { checkpointAudit { checkpoint { seq } } }',
    );
    const { seq } = checkpointAudit.checkpoint;
    const client = await test.pool().connect();
    await client.query('begin');
    await client.query(
      'insert into audit_floors (org_id, seq, hash) select org_id, seq, hash from audit_checkpoints where org_id = $1 and seq = $2',
      [olga.orgId, seq],
    );
    await client.query('delete from audit_entries where org_id = $1 and seq <= $2', [olga.orgId, seq]);
    await client.query('commit');
    client.release();
    expect(await verify(olga)).toMatchObject({ isIntact: false, problems: [{ seq, kind: 'MISSING' }] });
  });
});
