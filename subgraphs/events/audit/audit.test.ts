import { createHash, createPublicKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { eventually } from '../events.fixture.ts';
import { canonicalJson, digestPersonal } from './audit-hash.ts';

interface Entry {
  id: string;
  seq: number;
  type: string;
  ip: string | null;
  userAgent: string | null;
  requestId: string | null;
  actor: { user: { id: string } } | null;
  subject: { kind: string; id: string } | null;
  data: Record<string, unknown>;
  before: unknown;
  after: unknown;
  personal: Record<string, unknown> | null;
  isErased: boolean;
  hash: string;
  previousHash: string;
}

interface Verified {
  isIntact: boolean;
  checked: number;
  toSeq: number;
  next: string | null;
  problems: { seq: number; kind: string }[];
}

const LOG = `query ($filter: AuditFilter, $after: String) {
  auditLog(filter: $filter, first: 100, after: $after) {
    nodes {
      id seq type ip userAgent requestId credentialId actor { user { id } } subject { kind id } data before after personal
      isErased hash previousHash
    }
    totalCount
  }
}`;

const VERIFY = `query ($after: String, $head: AuditHeadInput) {
  verifyAudit(after: $after, head: $head) { isIntact checked fromSeq toSeq next problems { seq kind message } }
}`;

describe('the audit trail', { timeout: 60_000 }, () => {
  let test: TestServer;

  const log = async (person: Person, filter: Record<string, unknown> = {}) =>
    (await person.client.request<{ auditLog: { nodes: Entry[] } }>(LOG, { filter })).auditLog.nodes;
  const verifyTrail = async (person: Person, variables: Record<string, unknown> = {}) =>
    (await person.client.request<{ verifyAudit: Verified }>(VERIFY, variables)).verifyAudit;
  const sql = (text: string, values: unknown[] = []) => test.pool().query(text, values);
  const rename = (person: Person, name: string) =>
    person.client.send('mutation ($n: String!) { updateOrganization(input: {name: $n}) { organization { id } } }', {
      n: name,
    });
  const checkpoint = async (person: Person) =>
    (
      await person.client.request<{
        checkpointAudit: { checkpoint: { seq: number; hash: string; signedText: string; signature: string } };
      }>('mutation { checkpointAudit { checkpoint { seq hash at signedText signature keyId } } }')
    ).checkpointAudit.checkpoint;
  /** An owner with so many entries at least, all of them recorded. */
  const owner = async (changes: number) => {
    const person = await test.seed.owner();
    for (let n = 0; n < changes; n++) await rename(person, `Name ${n}`);
    await eventually(
      () => log(person, { types: ['organization.updated'] }),
      ({ length }) => length === changes,
    );
    return person;
  };
  /** As somebody would who owns the database: past the triggers. */
  const tamper = async (text: string, values: unknown[]) => {
    const client = await test.pool().connect();
    try {
      await client.query('begin');
      await client.query("set local session_replication_role = 'replica'");
      await client.query(text, values);
      await client.query('commit');
    } finally {
      client.release();
    }
  };

  beforeAll(async () => {
    test = await startTestServer();
  }, 120_000);

  it('says who did what, what it was before and after, from where and through which request', async () => {
    const olga = await owner(0);
    const { headers } = await olga.client.send(
      'mutation { updateOrganization(input: {name: "Olga & Co."}) { organization { id } } }',
      {},
      { 'user-agent': 'Browser/2.0' },
    );
    const requestId = headers.get('x-request-id');
    const [entry] = await eventually(
      () => log(olga, { requestId }),
      ({ length }) => length > 0,
    );
    expect(entry).toMatchObject({
      type: 'organization.updated',
      actor: { user: { id: olga.id } },
      subject: { kind: 'ORGANIZATION', id: olga.orgId },
      before: { name: 'Org of Olga Owner' },
      after: { name: 'Olga & Co.' },
      ip: '127.0.0.1',
      userAgent: 'Browser/2.0',
      requestId,
    });
    const [signedUp] = await log(olga, { types: ['user.signed_up'] });
    expect(signedUp).toMatchObject({ personal: { email: olga.email, name: olga.name }, data: { method: 'PASSWORD' } });
    expect(await log(olga, { actorId: newId() })).toEqual([]);
  });

  it('is a chain of hashes that anybody can follow, with a signed head', async () => {
    const olga = await owner(3);
    const { seq, hash, signedText, signature } = await checkpoint(olga);
    const { auditKey } = await olga.client.request<{ auditKey: { publicKey: string } }>(
      '{ auditKey { id publicKey } }',
    );
    const key = createPublicKey(auditKey.publicKey);
    expect(verify(null, Buffer.from(signedText), key, Buffer.from(signature, 'base64'))).toBe(true);
    expect(JSON.parse(signedText)).toMatchObject({ organizationId: olga.orgId, seq, hash });
    const { exportAudit } = await olga.client.request<{ exportAudit: { url: string } }>(
      'mutation { exportAudit(input: {format: JSON_LINES}) { url } }',
    );
    const text = await (await fetch(`${test.url}${exportAudit.url}`)).text();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    let previous = '0'.repeat(64);
    for (const { hash: said, knownPersonal, ...content } of lines) {
      expect(content.previousHash).toBe(previous);
      expect(createHash('sha256').update(canonicalJson(content)).digest('hex')).toBe(said);
      for (const [part, digest] of Object.entries(content.personal)) {
        const { salt, fields } = knownPersonal[part];
        expect(digestPersonal(salt, fields)).toBe(digest);
      }
      previous = said;
    }
    expect(lines[seq - 1].hash).toBe(hash);
    expect(await verifyTrail(olga, { head: { seq, hash } })).toMatchObject({
      isIntact: true,
      problems: [],
      next: null,
    });
    expect(await verifyTrail(olga, { head: { seq, hash: hash.replace(/./g, 'a') } })).toMatchObject({
      isIntact: false,
      problems: [{ seq, kind: 'CHANGED' }],
    });
  });

  it.each([
    ['edited', `update audit_entries set after = '{"name": "X"}' where org_id = $1 and seq = 5`, ['CHANGED']],
    ['edited with its actor', 'update audit_entries set actor_id = org_id where org_id = $1 and seq = 5', ['CHANGED']],
    ['deleted', 'delete from audit_entries where org_id = $1 and seq = 5', ['MISSING']],
    [
      'moved',
      `update audit_entries a set type = b.type, event_id = b.event_id, data = b.data, before = b.before, after = b.after,
         hash = b.hash, previous_hash = b.previous_hash
       from audit_entries b where a.org_id = $1 and b.org_id = $1 and (a.seq, b.seq) in ((5, 6), (6, 5))`,
      ['BROKEN', 'CHANGED'],
    ],
    ['cut off', 'delete from audit_entries where org_id = $1 and seq > 5', ['CUT']],
    [
      'robbed of what it knows',
      'update audit_personal set salt = null, fields = null where org_id = $1 and seq = 5',
      ['PERSONAL'],
    ],
    [
      'told of another address',
      `update audit_personal set fields = '{"ip": "192.0.2.1"}' where org_id = $1 and seq = 5`,
      ['PERSONAL'],
    ],
  ])('is found out where it was %s', async (_, text, kinds) => {
    const olga = await owner(8);
    expect(await verifyTrail(olga)).toMatchObject({ isIntact: true });
    await tamper(text, [olga.orgId]);
    const found = await verifyTrail(olga);
    expect(found.isIntact).toBe(false);
    expect([...new Set(found.problems.map(({ kind }) => kind))].sort()).toEqual(kinds);
  });

  it('is found out by its checkpoints where the whole end was written anew', async () => {
    const olga = await owner(3);
    const { seq } = await checkpoint(olga);
    await eventually(
      () => log(olga, { types: ['audit.checkpointed'] }),
      ({ length }) => length > 0,
    );
    for (const table of ['audit_entries', 'audit_personal', 'event_records', 'stream_events']) {
      await tamper(`delete from ${table} where org_id = $1 and seq >= $2`, [olga.orgId, seq]);
    }
    await tamper('update stream_heads set last_seq = $2 where topic = $1', [olga.orgId, seq - 1]);
    expect((await verifyTrail(olga)).problems).toEqual([expect.objectContaining({ seq, kind: 'CUT' })]);
    await rename(olga, 'Another');
    await eventually(
      () => verifyTrail(olga),
      ({ problems }) => problems.some((problem) => problem.kind === 'CHECKPOINT' && problem.seq === seq),
    );
  });

  it('can be changed by no role that Parley works as, nor past the triggers', async () => {
    const olga = await owner(1);
    for (const role of ['parley_app', 'parley_worker']) {
      for (const statement of [
        `update audit_entries set type = 'x' where org_id = '${olga.orgId}'`,
        `delete from audit_entries where org_id = '${olga.orgId}'`,
        'truncate audit_entries',
        `delete from audit_checkpoints where org_id = '${olga.orgId}'`,
        `update audit_checkpoints set hash = 'x' where org_id = '${olga.orgId}'`,
        `delete from audit_personal where org_id = '${olga.orgId}'`,
        `insert into audit_floors (org_id, seq, hash) values ('${olga.orgId}', 3, 'x')`,
      ]) {
        const client = await test.pool().connect();
        await client.query('begin');
        await client.query(`set local role ${role}`);
        await client.query("select set_config('app.org_id', $1, true)", [olga.orgId]);
        await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
        await client.query('rollback');
        client.release();
      }
    }
    for (const statement of [
      "update audit_entries set type = 'x'",
      'delete from audit_entries',
      'truncate audit_entries',
    ]) {
      await expect(sql(statement)).rejects.toThrow('is appended to, and not changed');
    }
  });

  it('forgets who somebody was who is erased, and stays provable', async () => {
    const olga = await owner(0);
    const max = await test.seed.member(olga, 'MEMBER', 'Max Mustermann');
    await max.client.request('mutation { updateProfile(input: {name: "Max M."}) { user { id } } }');
    await olga.client.request('mutation ($id: ID!) { erasePerson(input: {userId: $id}) { erasedUserId } }', {
      id: max.id,
    });
    await eventually(
      () => log(olga, { types: ['user.erased'] }),
      ({ length }) => length > 0,
    );
    const all = await log(olga);
    const text = JSON.stringify(all);
    for (const word of [max.email, 'Max M']) expect(text).not.toContain(word);
    expect(all.filter(({ actor }) => actor?.user.id === max.id).map(({ ip }) => ip)).not.toContain('127.0.0.1');
    expect(all.find(({ type, subject }) => type === 'user.signed_up' && subject?.id === max.id)).toMatchObject({
      personal: null,
      isErased: true,
    });
    expect(all.find(({ type }) => type === 'invitation.created')).toMatchObject({ personal: null, isErased: true });
    expect(await verifyTrail(olga)).toMatchObject({ isIntact: true, problems: [] });
  });

  it('is written down for spreadsheets, which must run nothing of it', async () => {
    const olga = await owner(0);
    await rename(olga, '=HYPERLINK("https://example.com")');
    await olga.client.send(
      'mutation { updateProfile(input: {name: "x"}) { user { id } } }',
      {},
      { 'user-agent': '=1+1' },
    );
    await eventually(
      () => log(olga, { types: ['user.updated'] }),
      ({ length }) => length > 0,
    );
    const { exportAudit } = await olga.client.request<{ exportAudit: { url: string; fileName: string } }>(
      'mutation ($f: AuditFilter) { exportAudit(input: {format: CSV, filter: $f}) { url fileName } }',
      { f: { types: ['user.updated', 'organization.*'], since: '2020-01-01T00:00:00.000Z' } },
    );
    const response = await fetch(`${test.url}${exportAudit.url}`);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head, ...rows] = (await response.text()).trimEnd().split('\n');
    expect(head).toMatch(/^seq,occurredAt,type,/);
    expect(rows.map((row) => row.split(',')[2])).toEqual([
      'organization.created',
      'organization.updated',
      'user.updated',
    ]);
    expect(rows.join('\n')).toContain(",'=1+1,");
    expect(rows.join('\n')).not.toMatch(/(^|,)"?[=+@]/m);
    expect((await fetch(`${test.url}/exports?of=audit&ticket=x`)).status).toBe(404);
    expect((await fetch(`${test.url}${exportAudit.url.replace('of=audit&', '')}`)).status).toBe(404);
  });

  it('is looked at some thousand entries at a time', async () => {
    const olga = await owner(1);
    const full = await verifyTrail(olga);
    expect(full).toMatchObject({ isIntact: true, checked: full.toSeq, next: null });
    for (const after of ['x', Buffer.from('["av","1","2"]').toString('base64url')]) {
      expect((await olga.client.refusal(VERIFY, { after })).extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path: 'after' }],
      });
    }
    const [second] = (await log(olga)).filter(({ seq }) => seq === 2);
    const after = Buffer.from(JSON.stringify(['av', '2', second?.hash])).toString('base64url');
    expect(await verifyTrail(olga, { after })).toMatchObject({ isIntact: true, checked: full.toSeq - 2 });
  });
});
