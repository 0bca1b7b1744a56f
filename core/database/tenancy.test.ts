import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createLog } from '#core/log';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { type Database, openDatabase } from './database.ts';
import { runInOrg } from './tenant.ts';

/** Organizations that take turns on the same two connections. */
const ORGS = 1_000;
const AGENTS_EACH = 3;
/** Writes that are refused, and transactions that break, cost several times a read. */
const WRITING_ORGS = 100;
/** How many organizations are at work at a time: far more than there are connections. */
const AT_ONCE = 24;

const orgs: string[] = Array.from({ length: ORGS }, () => randomUUID());
const agentIds = new Map(orgs.map((org) => [org, Array.from({ length: AGENTS_EACH }, () => randomUUID())]));
const roomIds = new Map(orgs.map((org) => [org, randomUUID()]));

let test: TestDatabase;
let database: Database;
let rowsSeen = 0;

beforeAll(async () => {
  test = await createTestDatabase(inject('adminUrl'));
  database = await openDatabase({
    url: test.url,
    log: createLog({ level: 'silent', pretty: false }),
    poolSize: 2,
  });
  const author = randomUUID();
  await database.system.agent.createMany({
    data: orgs.flatMap((orgId) =>
      (agentIds.get(orgId) ?? []).map((id) => ({ id, orgId, name: orgId, draft: {}, createdById: author })),
    ),
  });
  await database.system.conversation.createMany({
    data: orgs.map((orgId) => ({ id: roomIds.get(orgId) ?? '', orgId, title: orgId, createdById: author })),
  });
  await database.system.message.createMany({
    data: orgs.flatMap((orgId) =>
      [1n, 2n].map((position) => ({
        orgId,
        conversationId: roomIds.get(orgId) ?? '',
        position,
        authorKind: 'USER' as const,
        authorId: author,
        status: 'COMPLETE' as const,
        text: orgId,
        parts: [],
      })),
    ),
  });
}, 120_000);

afterAll(async () => {
  await database?.close();
  await test?.drop();
});

/** Fails on the first row that is another organization's. */
function expectOwn(orgId: string, owners: (string | undefined)[], what: string): void {
  rowsSeen += owners.length;
  const foreign = owners.find((owner) => owner !== orgId);
  if (foreign !== undefined) throw new Error(`${what} of ${orgId} was given a row of ${foreign}`);
}

/** Runs `work` for so many organizations, two dozen at a time, each beside another one's id. */
async function forOrgs(count: number, work: (orgId: string, other: string) => Promise<void>): Promise<void> {
  const left = orgs.slice(0, count).map((orgId, index) => [orgId, orgs[(index + 7) % ORGS] ?? ''] as const);
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [orgId, other] = next;
      await runInOrg(orgId, () => work(orgId, other));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describe('a thousand organizations on two connections', () => {
  it('read their own rows alone: lists, single rows, counts, nested rows', async () => {
    await forOrgs(ORGS, async (orgId, other) => {
      const foreignId = agentIds.get(other)?.[0] ?? '';
      const [agents, own, foreign, count, grouped, rooms, messages] = await Promise.all([
        database.scoped.agent.findMany(),
        database.scoped.agent.findFirst({ where: { id: agentIds.get(orgId)?.[1] ?? '' } }),
        database.scoped.agent.findFirst({ where: { OR: [{ id: foreignId }, { orgId: other }] } }),
        database.scoped.agent.count(),
        database.scoped.agent.groupBy({ by: ['orgId'] }),
        database.scoped.conversation.findMany({ include: { messages: true, participants: true } }),
        database.scoped.message.findMany({ include: { conversation: { include: { messages: true } } } }),
      ]);
      expectOwn(orgId, [...agents.map((row) => row.orgId), own?.orgId], 'agents');
      expectOwn(orgId, [...grouped.map((row) => row.orgId), ...rooms.map((row) => row.orgId)], 'groups and rooms');
      expectOwn(
        orgId,
        rooms.flatMap((room) => room.messages.map((row) => row.orgId)),
        'nested messages',
      );
      expectOwn(
        orgId,
        messages.flatMap((row) => [
          row.orgId,
          row.conversation.orgId,
          ...row.conversation.messages.map((m) => m.orgId),
        ]),
        'messages',
      );
      expect([foreign, count, agents.length]).toEqual([null, AGENTS_EACH, AGENTS_EACH]);
    });
    expect(rowsSeen).toBeGreaterThan(15 * ORGS);
  }, 120_000);

  it('read their own rows alone by SQL, with prepared statements and without', async () => {
    await forOrgs(ORGS, async (orgId, other) => {
      const [raw, inTransaction, named, unnamed, asked] = await Promise.all([
        database.scoped.$queryRaw<{ org_id: string }[]>`SELECT org_id FROM agents`,
        database.scoped.$transaction(async (tx) => tx.$queryRaw<{ org_id: string }[]>`SELECT org_id FROM messages`),
        database.scopedPool.query<{ org_id: string }>({ name: 'read-agents', text: 'select org_id from agents' }),
        database.scopedPool.query<{ org_id: string }>('select org_id from conversations'),
        database.scopedPool.query<{ org_id: string }>({
          name: 'read-agents-of',
          text: 'select org_id from agents where org_id = $1',
          values: [other],
        }),
      ]);
      const rows = [...raw, ...inTransaction, ...named.rows, ...unnamed.rows];
      expectOwn(
        orgId,
        rows.map((row) => row.org_id),
        'SQL',
      );
      expect([rows.length, asked.rows]).toEqual([2 * AGENTS_EACH + 2 + 1, []]);
    });
  }, 120_000);

  it('write their own rows alone, whatever they ask for', async () => {
    await forOrgs(WRITING_ORGS, async (orgId, other) => {
      const foreignId = agentIds.get(other)?.[0] ?? '';
      const made = { name: orgId, draft: {}, createdById: orgId };
      const created = await database.scoped.agent.create({ data: { ...made, orgId: other } });
      const upserted = await database.scoped.agent.upsert({
        where: { id: created.id },
        create: made,
        update: { description: orgId },
      });
      await expect(
        database.scoped.agent.upsert({ where: { id: foreignId }, create: { ...made, id: foreignId }, update: made }),
      ).rejects.toThrow();
      await expect(database.scoped.agent.update({ where: { id: foreignId }, data: made })).rejects.toMatchObject({
        code: 'P2025',
      });
      await expect(database.scoped.agent.delete({ where: { id: foreignId } })).rejects.toMatchObject({ code: 'P2025' });
      await expect(
        database.scoped.agent.update({ where: { id: created.id }, data: { orgId: other } }),
      ).rejects.toThrow();
      const updated = await database.scoped.agent.updateManyAndReturn({ data: { description: orgId } });
      const byHand = await database.scoped.$executeRaw`UPDATE agents SET description = ${orgId}`;
      expectOwn(orgId, [created.orgId, upserted.orgId, ...updated.map((row) => row.orgId)], 'writing');
      expect(byHand).toBe(AGENTS_EACH + 1);
      expect((await database.scoped.agent.deleteMany({ where: { id: { in: [created.id, foreignId] } } })).count).toBe(
        1,
      );
    });
    const { rows } = await database.systemPool.query(
      `select count(*)::int as count, count(*) filter (where name = org_id::text)::int as own,
              count(*) filter (where description = name)::int as written from agents`,
    );
    const all = ORGS * AGENTS_EACH;
    expect(rows).toEqual([{ count: all, own: all, written: WRITING_ORGS * AGENTS_EACH }]);
  }, 120_000);

  it('keep to themselves in transactions that are committed, rolled back, nested and broken', async () => {
    await forOrgs(3 * WRITING_ORGS, async (orgId, other) => {
      const owners = await database.scoped.$transaction(async (tx) => {
        const agents = await tx.agent.findMany({ include: { versions: true } });
        // A tenant of another context in the middle of the transaction: neither sees the other's rows.
        const foreign = await runInOrg(other, () => tx.agent.findMany());
        const raw = await tx.$queryRaw<{ org_id: string }[]>`SELECT org_id FROM agents`;
        expect(foreign).toEqual([]);
        return [...agents.map((row) => row.orgId), ...raw.map((row) => row.org_id)];
      });
      expectOwn(orgId, owners, 'a transaction');
      const rolledBack = database.scoped.$transaction(async (tx) => {
        await tx.agent.create({ data: { name: 'never', draft: {}, createdById: orgId } });
        await tx.$executeRawUnsafe('SELECT 1 / 0');
      });
      await expect(rolledBack).rejects.toThrow(/division by zero/);
      const after = await database.scoped.agent.findMany();
      expectOwn(
        orgId,
        after.map((row) => row.orgId),
        'after a rollback',
      );
      expect(after).toHaveLength(AGENTS_EACH);
    });
  }, 120_000);
});
