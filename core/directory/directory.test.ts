import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { newId } from '#core/id';
import { createLog } from '#core/log';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { Directory, type Instance } from './directory.ts';

const log = createLog({ level: 'silent', pretty: false });

describe('the directory of the processes of an installation', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  const started: Directory[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    pool = new pg.Pool({ connectionString: database.url });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('truncate service_instances');
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((directory) => directory.stop()));
  });

  const join = async (roles: string[], url: string | null): Promise<Directory> => {
    const self: Instance = { id: newId(), roles, url, version: 'test' };
    const directory = new Directory({ pool, log, self });
    await directory.start();
    started.push(directory);
    return directory;
  };

  it('finds who serves a role, and takes turns where there are several', async () => {
    await join(['agents'], 'http://a');
    await join(['agents', 'identity'], 'http://b');
    const gateway = await join(['gateway'], null);
    expect(new Set([1, 2, 3, 4].map(() => gateway.urlOf('agents')))).toEqual(new Set(['http://a', 'http://b']));
    expect(gateway.urlOf('identity')).toBe('http://b');
    expect(gateway.urlOf('gateway')).toBeUndefined();
    expect(gateway.urlOf('conversations')).toBeUndefined();
  });

  it('passes over an address that did not answer, unless there is no other', async () => {
    await join(['agents'], 'http://a');
    await join(['agents'], 'http://b');
    const gateway = await join(['gateway'], null);
    gateway.avoid('http://a');
    expect(new Set([1, 2, 3].map(() => gateway.urlOf('agents')))).toEqual(new Set(['http://b']));
    gateway.avoid('http://b');
    expect(gateway.urlOf('agents')).toBeDefined();
  });

  it('tells of processes that come, move and go', async () => {
    const gateway = await join(['gateway'], null);
    const told: (string | null)[][] = [];
    const leave = gateway.onChange((instances) => told.push(instances.flatMap(({ url }) => (url ? [url] : []))));
    const agents = await join(['agents'], 'http://a');
    await gateway.beat();
    agents.announce('http://moved');
    await agents.beat();
    await gateway.beat();
    await gateway.beat();
    await agents.stop();
    await gateway.beat();
    leave();
    await join(['agents'], 'http://b');
    await gateway.beat();
    expect(told).toEqual([['http://a'], ['http://moved'], []]);
  });

  it('forgets a process that has fallen silent', async () => {
    await join(['agents'], 'http://a');
    const gateway = await join(['gateway'], null);
    await pool.query("update service_instances set beat_at = now() - interval '11 seconds' where url is not null");
    await gateway.beat();
    expect(gateway.urlOf('agents')).toBeUndefined();
  });

  it('goes on with what it knows while the database is away', async () => {
    await join(['agents'], 'http://a');
    const gateway = await join(['gateway'], null);
    await pool.query('alter table service_instances rename to away');
    try {
      await expect(gateway.beat()).rejects.toThrow();
      expect(gateway.urlOf('agents')).toBe('http://a');
    } finally {
      await pool.query('alter table away rename to service_instances');
    }
  });
});
