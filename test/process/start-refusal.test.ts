import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { OTHER_USER } from '#server/process.fixture';
import { createTestDatabase, databaseUrl, type TestDatabase, withAdmin } from '#test/support/database';
import { endAll, startParley } from './parley-process.fixture.ts';

// Each test starts whole servers, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const REFUSED_DATABASE = 'postgres://127.0.0.1:1/parley';
const REFUSED_REDIS = 'redis://127.0.0.1:1';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-refusal-'));
});

afterEach(async () => {
  await endAll();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a server that must refuse, and returns what it says: one sentence on a line of its own, and no stack. */
async function refusal(variables: Record<string, string>, args: string[] = [], uid?: number): Promise<string> {
  const server = startParley({ PARLEY_DATA: folder, PORT: '0', HOST: '127.0.0.1', ...variables }, args, uid);
  const code = await server.exitCode();
  const lines = server
    .errors()
    .split('\n')
    // What the build says where it was not up to date.
    .filter((line) => line !== '' && !/…$/.test(line));
  expect(lines, server.output()).toHaveLength(1);
  expect(lines[0]).not.toMatch(/ at .+:\d+:\d+/);
  expect(code).toBe(1);
  return lines[0] ?? '';
}

describe('a server that cannot start says why in one sentence', () => {
  it('when its role needs others and their meeting place is not named', async () => {
    expect(await refusal({}, ['--roles', 'gateway,agents'])).toMatch(
      /set DATABASE_URL and REDIS_URL, or leave --roles/,
    );
    expect(await refusal({ DATABASE_URL: REFUSED_DATABASE }, ['--roles', 'worker'])).toMatch(
      /: set REDIS_URL, or leave --roles/,
    );
    expect(await refusal({ REDIS_URL: REFUSED_REDIS }, ['--roles=identity'])).toMatch(/: set DATABASE_URL, or leave/);
  });

  it('when it does not understand the command line', async () => {
    expect(await refusal({}, ['--roles', 'gateway,cook'])).toMatch(/^--roles takes a list of gateway, .+, not cook\.$/);
    expect(await refusal({}, ['--roles'])).toMatch(/^--roles takes a list of gateway/);
    expect(await refusal({}, ['--port', '80'])).toMatch(/^Unknown argument --port: the only option is --roles /);
  });

  it.each([
    { PORT: 'http' },
    { PORT: '70000' },
    { DATABASE_URL: 'mysql://127.0.0.1/parley' },
    { LOG_LEVEL: 'loud' },
    { PARLEY_OWNER_EMAIL: 'nobody' },
    { PARLEY_SECRET: 'short' },
  ])('when an environment variable is bad: %o', async (variables) => {
    const [name] = Object.keys(variables);
    expect(await refusal(variables)).toMatch(new RegExp(`^The environment variable ${name} must .+\\.$`));
  });

  it('when its data folder cannot be used', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(await refusal({ PARLEY_DATA: file })).toMatch(/is in the way of a file: .+ set PARLEY_DATA/);
    if (process.platform === 'linux') {
      expect(await refusal({ PARLEY_DATA: '/proc/x' })).toMatch(/\/x cannot be made \(ENOENT\): set PARLEY_DATA/);
    }
    // The mode of a folder does not stop root.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot && OTHER_USER === undefined) return;
    await chmod(folder, 0o555);
    const PARLEY_DATA = join(folder, 'data');
    expect(await refusal({ PARLEY_DATA }, [], OTHER_USER)).toMatch(/data cannot be made \(EACCES\): set PARLEY_DATA/);
    // Nor could whoever is not root remove what is in it.
    await chmod(folder, 0o755);
  });

  it('when a port is taken, before it has begun anything', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const taken = String((holder.address() as AddressInfo).port);
    const sentence = (variable: string) =>
      `Port ${taken} is taken: stop what listens there, or set ${variable} to another one.`;
    try {
      expect(await refusal({ PORT: taken })).toBe(sentence('PORT'));
      expect(await readdir(folder)).not.toContain('postgres');
      const elsewhere = { DATABASE_URL: REFUSED_DATABASE, REDIS_URL: REFUSED_REDIS, PARLEY_INTERNAL_PORT: taken };
      expect(await refusal(elsewhere, ['--roles', 'agents'])).toBe(sentence('PARLEY_INTERNAL_PORT'));
    } finally {
      holder.close();
    }
  });

  it('when the servers that it is told of do not answer', async () => {
    expect(await refusal({ DATABASE_URL: REFUSED_DATABASE })).toMatch(
      /^The database cannot be reached \(.+\): check DATABASE_URL/,
    );
  });
});

describe('a server that finds a database it does not fit says why in one sentence', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
  });

  afterAll(async () => {
    await database.drop();
  });

  const sql = (text: string, url = database.url) => withAdmin(url, (admin) => admin.query(text));

  it('when its user may not act as those that the walls are for', async () => {
    const name = `visitor_${Date.now()}`;
    await sql(`create role ${name} login password 'visitor'`);
    await sql(`grant select on _prisma_migrations to ${name}`);
    try {
      const url = new URL(database.url);
      [url.username, url.password] = [name, 'visitor'];
      expect(await refusal({ DATABASE_URL: url.href })).toMatch(/cannot be used \(.*parley_app.*\): let the user of/);
    } finally {
      await sql(`drop owned by ${name}`);
      await sql(`drop role ${name}`);
    }
  });

  it('when it is newer than the code, or was made by other code', async () => {
    const variables = { DATABASE_URL: database.url };
    await sql(`insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
      values ('later', 'none', '99990101000000_later', now(), 1)`);
    expect(await refusal(variables)).toMatch(/newer version of Parley \(it has: 99990101000000_later\): start that/);
    await sql("delete from _prisma_migrations where id = 'later'");

    await sql("update _prisma_migrations set checksum = 'other'");
    expect(await refusal(variables)).toMatch(
      /another build of Parley \(differs in: .+\): start the build that made it/,
    );
  });

  it('when somebody else has filled it', async () => {
    const name = `${new URL(database.url).pathname.slice(1)}_foreign`;
    await sql(`create database ${name}`);
    const url = databaseUrl(database.url, name);
    try {
      await sql('create table theirs (id int)', url);
      expect(await refusal({ DATABASE_URL: url })).toMatch(/could not be set up \(.+\): give Parley an empty database/);
    } finally {
      await sql(`drop database ${name} with (force)`);
    }
  });

  it('when Redis does not answer', async () => {
    const fresh = await createTestDatabase(inject('adminUrl'));
    try {
      expect(await refusal({ DATABASE_URL: fresh.url, REDIS_URL: REFUSED_REDIS })).toMatch(
        /^Redis cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:1\): check REDIS_URL/,
      );
    } finally {
      await fresh.drop();
    }
  });
});
