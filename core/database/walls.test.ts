import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createLog } from '#core/log';
import { createTestDatabase, type TestDatabase, withAdmin } from '#test/support/database';
import { type Database, openDatabase } from './database.ts';
import { OrgPool } from './org-pool.ts';
import { runInOrg } from './tenant.ts';

/** Tables that belong to no organization and that the role within one has no business in. */
const OF_NO_ORG = [
  'external_identities',
  'used_log_in_attempts',
  'idempotent_requests',
  'service_instances',
  'task_workers',
  'settings',
];
/** Tables without an `org_id` that this role may use all the same, and the policy that confines it there. */
const CONFINED = { organizations: 'tenant', users: 'members', idempotent_effects: 'effects' };

interface Table {
  name: string;
  owner: string;
  enabled: boolean;
  forced: boolean;
  has_org: boolean;
  policies: { name: string; roles: string[]; using: string | null; check: string | null }[];
}

const READ_TABLES = `
  select c.relname as name, pg_get_userbyid(c.relowner) as owner, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped) as has_org,
    coalesce((select json_agg(json_build_object('name', p.policyname, 'roles', p.roles, 'using', p.qual, 'check', p.with_check))
              from pg_policies p where p.schemaname = 'public' and p.tablename = c.relname), '[]') as policies
  from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname <> '_prisma_migrations'`;

let test: TestDatabase;
let database: Database;
let tables: Table[];
const org = randomUUID();
const other = randomUUID();
const user = randomUUID();

beforeAll(async () => {
  test = await createTestDatabase(inject('adminUrl'));
  database = await openDatabase({ url: test.url, log: createLog({ level: 'silent', pretty: false }), poolSize: 2 });
  tables = await withAdmin(test.url, async (admin) => (await admin.query<Table>(READ_TABLES)).rows);
  await database.system.organization.createMany({ data: [org, other].map((id) => ({ id, name: id })) });
  await database.system.user.create({
    data: { id: user, name: 'Una', email: 'una@example.com', passwordHash: 'a hash that nobody reads' },
  });
  await database.system.membership.create({ data: { orgId: org, userId: user, builtInRole: 'OWNER' } });
});

afterAll(async () => {
  await database?.close();
  await test?.drop();
});

describe('the second wall', () => {
  it('stands around every table with an org_id', () => {
    const protectedTables = tables.filter((table) => table.has_org);
    expect(protectedTables.length).toBeGreaterThan(15);
    for (const { name, enabled, forced, policies } of protectedTables) {
      expect({ name, enabled, forced }).toEqual({ name, enabled: true, forced: true });
      const forApp = policies.filter(({ roles }) => roles.includes('parley_app') || roles.includes('public'));
      expect({ name, count: forApp.length }).toEqual({ name, count: 1 });
      for (const condition of [forApp[0]?.using, forApp[0]?.check]) {
        expect({ name, condition }).toEqual({
          name,
          condition: expect.stringMatching(/^\(org_id = \( SELECT .*app\.org_id/),
        });
      }
    }
  });

  it('stands around every other table too, each named here', () => {
    const others = tables.filter((table) => !table.has_org);
    expect(others.map(({ name }) => name).sort()).toEqual([...OF_NO_ORG, ...Object.keys(CONFINED)].sort());
    for (const { name, enabled, forced, policies } of others) {
      expect({ name, enabled, forced }).toEqual({ name, enabled: true, forced: true });
      const forApp = policies.filter(({ roles }) => roles.includes('parley_app') || roles.includes('public'));
      const expected = CONFINED[name as keyof typeof CONFINED];
      expect({ name, policies: forApp.map((policy) => policy.name) }).toEqual({
        name,
        policies: expected ? [expected] : [],
      });
    }
  });

  it.each(['parley_app', 'parley_worker'])(
    'confines %s, which owns nothing and cannot step around it',
    async (role) => {
      const { rows } = await database.systemPool.query(
        'select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin from pg_roles where rolname = $1',
        [role],
      );
      const no = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolcanlogin: false };
      expect(rows).toEqual([no]);
      expect(tables.filter(({ owner }) => owner === role)).toEqual([]);
    },
  );

  it('hides password hashes and the tables of no organization from the work within one', async () => {
    const statements = [
      'select password_hash from users',
      'select * from users',
      `update users set password_hash = 'mine'`,
      `update users set email = 'mine@example.com'`,
      'delete from users',
      'delete from organizations',
      `insert into organizations (id, name, updated_at) values (gen_random_uuid(), 'mine', now())`,
      ...OF_NO_ORG.map((table) => `select * from ${table}`),
    ];
    for (const statement of statements) {
      const asked = runInOrg(org, () => database.scopedPool.query(statement));
      await expect(asked, statement).rejects.toMatchObject({ code: '42501' });
    }
    const found = await runInOrg(org, () => database.scoped.user.findFirst({ where: { id: user } }));
    expect(found).toMatchObject({ name: 'Una' });
    expect(found).not.toHaveProperty('passwordHash');
    await expect(
      runInOrg(org, () => database.scoped.user.findFirst({ where: { id: user }, omit: { passwordHash: false } })),
    ).rejects.toThrow(/permission denied/);
  });

  it('shows an organization itself and its own people alone', async () => {
    const seen = (orgId: string) =>
      runInOrg(orgId, async () => [
        (await database.scoped.organization.findMany()).map(({ id }) => id),
        (await database.scoped.user.findMany()).map(({ id }) => id),
      ]);
    expect(await seen(org)).toEqual([[org], [user]]);
    expect(await seen(other)).toEqual([[other], []]);
    const renamed = await runInOrg(other, () => database.scoped.user.updateMany({ data: { name: 'Mallory' } }));
    expect(renamed.count).toBe(0);
  });
});

describe('the first wall', () => {
  it('refuses whatever runs outside of an organization', async () => {
    const outside = /ran outside of any organization/;
    await expect(database.scoped.agent.findMany()).rejects.toThrow(outside);
    await expect(database.scoped.organization.findMany()).rejects.toThrow(outside);
    await expect(database.scoped.agent.updateMany({ data: { name: 'x' } })).rejects.toThrow(outside);
    await expect(database.scoped.$queryRaw`SELECT 1`).rejects.toThrow(outside);
    await expect(database.scoped.$executeRawUnsafe('UPDATE agents SET name = name')).rejects.toThrow(outside);
    await expect(database.scoped.$transaction(async (tx) => tx.$queryRaw`SELECT 1`)).rejects.toThrow(outside);
    await expect(database.scopedPool.query('select 1')).rejects.toThrow(outside);
    await expect(database.scopedPool.connect()).rejects.toThrow(outside);
  });

  it('refuses what Prisma would batch across callers', async () => {
    const batched = /batched across callers/;
    await runInOrg(org, async () => {
      const { agent, user: users } = database.scoped;
      const id = randomUUID();
      await expect(agent.findUnique({ where: { id } })).rejects.toThrow(batched);
      await expect(agent.findUniqueOrThrow({ where: { id } })).rejects.toThrow(batched);
      await expect(users.findUnique({ where: { id } })).rejects.toThrow(batched);
      await expect(database.scoped.$transaction((tx) => tx.agent.findUnique({ where: { id } }))).rejects.toThrow(
        batched,
      );
      expect(() => database.scoped.$transaction([agent.findMany(), agent.count()])).toThrow(batched);
    });
  });

  it('refuses models that belong to no organization', async () => {
    await runInOrg(org, async () => {
      await expect(database.scoped.setting.findMany()).rejects.toThrow(/use the system client/);
      await expect(database.scoped.idempotentRequest.findMany()).rejects.toThrow(/use the system client/);
      await expect(database.scoped.externalIdentity.findMany()).rejects.toThrow(/use the system client/);
    });
  });
});

describe('a connection', () => {
  const whose = async (pool: pg.Pool) =>
    (await pool.query("select current_setting('app.org_id', true) as org")).rows[0].org;

  it('belongs to whoever asks for it next, also after a rollback and an error', async () => {
    const pool = new OrgPool({ connectionString: test.url, max: 1 });
    try {
      await runInOrg(org, async () => {
        const client = await pool.connect();
        await client.query('begin');
        await client.query('select 1 / 0').catch(() => {});
        await client.query('rollback');
        client.release();
      });
      expect(await runInOrg(other, () => whose(pool))).toBe(other);
      expect(await runInOrg(org, () => whose(pool))).toBe(org);
      await expect(runInOrg(other, () => pool.query('select * from no_such_table'))).rejects.toThrow();
      expect(await runInOrg(org, () => whose(pool))).toBe(org);
    } finally {
      await pool.end();
    }
  });

  it('is destroyed where its organization could not be set', async () => {
    const pool = new OrgPool({ connectionString: test.url, max: 1 });
    pool.on('error', () => {});
    try {
      const { rows } = await runInOrg(org, () => pool.query('select pg_backend_pid() as pid'));
      const idle = pool.totalCount;
      await withAdmin(test.url, async (admin) => admin.query('select pg_terminate_backend($1)', [rows[0].pid]));
      // Whether the broken connection was noticed while it was idle or only now, nobody works on it.
      const after = await runInOrg(other, () => whose(pool)).catch(() => runInOrg(other, () => whose(pool)));
      expect([idle, after, pool.totalCount]).toEqual([1, other, 1]);
      // An organization that PostgreSQL cannot take as a value: setting it fails on a sound connection.
      await expect(runInOrg('\0', () => pool.query('select 1'))).rejects.toThrow();
      expect(pool.totalCount).toBe(0);
    } finally {
      await pool.end();
    }
  });
});

describe('opening the database', () => {
  it('takes the confined role, whoever logs in', async () => {
    const name = `stray_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
    const stray = new pg.Client({ connectionString: test.url });
    await stray.connect();
    await stray.query(`create role ${name} login superuser password 'stray'`);
    const url = new URL(test.url);
    url.username = name;
    url.password = 'stray';
    const opened = await openDatabase({
      url: url.href,
      log: createLog({ level: 'silent', pretty: false }),
      poolSize: 1,
    });
    const role = await runInOrg(org, () => opened.scopedPool.query('select current_user as role'));
    await opened.close();
    await stray.query(`drop role ${name}`);
    await stray.end();
    expect(role.rows).toEqual([{ role: 'parley_app' }]);
  });
});
