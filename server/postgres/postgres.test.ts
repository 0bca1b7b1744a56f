import { spawn } from 'node:child_process';
import { access, chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FixtureProcess, OTHER_USER, processesIn, startFixture } from '../process.fixture.ts';

const FIXTURE = fileURLToPath(new URL('./postgres.fixture.ts', import.meta.url));
const PASSWORD = 'correct horse/battery';
const isRoot = process.geteuid?.() === 0;

// Making a database takes a second or two, and much longer on a machine that is busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

interface Said {
  event: 'ready' | 'failed' | 'exit' | 'restart';
  url: string;
  port: number;
  adopted: boolean;
  message: string;
}

let base: string;
let dataFolder: string;
let processes: FixtureProcess[];
let homes: Set<string>;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'parley-postgres-'));
  await chmod(base, 0o755);
  dataFolder = path.join(base, 'data');
  await mkdir(dataFolder, { mode: 0o700 });
  processes = [];
  homes = new Set();
});

afterEach(async () => {
  await Promise.all(processes.map((each) => each.end('SIGTERM')));
  for (const home of [await homeNow(), ...homes]) {
    for (const pid of await processesIn(home)) process.kill(pid, 'SIGKILL');
    await rm(home, { recursive: true, force: true });
  }
  await rm(base, { recursive: true, force: true });
});

/** Where the database lies now. */
const homeNow = async () => {
  const inside = path.join(dataFolder, 'postgres');
  return (await readFile(path.join(inside, 'place'), 'utf8').catch(() => inside)).trim();
};

const launch = (uid?: number, password = PASSWORD) => {
  const fixture = startFixture(FIXTURE, [dataFolder, password], uid);
  processes.push(fixture);
  return fixture;
};

const next = async (fixture: FixtureProcess) => JSON.parse(await fixture.nextLine()) as Said;

const start = async (uid?: number, password?: string) => {
  const fixture = launch(uid, password);
  const said = await next(fixture);
  homes.add(await homeNow());
  return { fixture, said };
};

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: 'array' }).finally(() => client.end());
  return rows.flat();
};

const postmasterPid = async () =>
  Number.parseInt(await readFile(path.join(await homeNow(), 'data/postmaster.pid'), 'utf8'), 10);

const KEEP = 'create table kept as select 7 as n';
const READ = 'select n from kept';

describe('start and stop', () => {
  it('makes the database at the first start, finds it at the second, and leaves no process behind', async () => {
    const first = await start();
    expect(first.said).toMatchObject({ event: 'ready', adopted: false });
    await query(first.said.url, KEEP);
    expect(await first.fixture.end('SIGTERM')).toBe(0);
    expect(await processesIn(await homeNow())).toEqual([]);
    await expect(access(path.join(await homeNow(), 'data/postmaster.pid'))).rejects.toThrow();

    const second = await start();
    expect(second.said).toMatchObject({ event: 'ready', adopted: false, port: first.said.port });
    expect(await query(second.said.url, READ)).toEqual([7]);
  });

  it('has the settings that durability and passwords ask for', async () => {
    const { said } = await start();
    const names = ['fsync', 'synchronous_commit', 'data_checksums', 'server_encoding', 'listen_addresses', 'jit'];
    const values = await Promise.all(names.map((name) => query(said.url, `show ${name}`)));
    expect(values.flat()).toEqual(['on', 'on', 'on', 'UTF8', '127.0.0.1', 'off']);
    expect(
      await query(
        said.url,
        "select lower('ÄÖ'), 'B' < 'a', rolpassword ~ '^SCRAM' from pg_authid where rolname = 'postgres'",
      ),
    ).toEqual(['äö', true, true]);
    await expect(query(said.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password authentication/);
  });

  it('stops PostgreSQL when the process ends in an orderly way without stopping it', async () => {
    const { fixture } = await start();
    expect(await fixture.end('SIGHUP')).toBe(3);
    await vi.waitFor(async () => expect(await processesIn(await homeNow())).toEqual([]), 20_000);
  });

  it('makes a new database for a folder that was deleted', async () => {
    const first = await start();
    await query(first.said.url, KEEP);
    await first.fixture.end('SIGTERM');
    await rm(dataFolder, { recursive: true });
    await mkdir(dataFolder, { mode: 0o700 });
    const second = await start();
    await expect(query(second.said.url, READ)).rejects.toThrow(/does not exist/);
  });
});

describe('after a crash', () => {
  it('takes over the server of a process that was killed', async () => {
    const first = await start();
    await query(first.said.url, KEEP);
    const pid = await postmasterPid();
    await first.fixture.end('SIGKILL');
    const second = await start();
    expect(second.said).toMatchObject({ event: 'ready', adopted: true, port: first.said.port });
    expect(await postmasterPid()).toBe(pid);
    expect(await query(second.said.url, READ)).toEqual([7]);
    expect(await second.fixture.end('SIGTERM')).toBe(0);
    expect(await processesIn(await homeNow())).toEqual([]);
  });

  it('waits for a server that shuts down', async () => {
    const first = await start();
    const pid = await postmasterPid();
    await first.fixture.end('SIGKILL');
    process.kill(pid, 'SIGINT');
    const second = await start();
    expect(second.said.event).toBe('ready');
    expect(await query(second.said.url, 'select 1')).toEqual([1]);
  });

  it.each(['started', 'adopted'])(
    'starts a killed server that it %s again, on the same port, with its data',
    async (how) => {
      let current = await start();
      if (how === 'adopted') {
        await current.fixture.end('SIGKILL');
        current = await start();
      }
      const { fixture, said } = current;
      expect(said.adopted).toBe(how === 'adopted');
      await query(said.url, KEEP);
      process.kill(await postmasterPid(), 'SIGKILL');
      expect(await next(fixture)).toEqual({ event: 'exit' });
      expect(await next(fixture)).toEqual({ event: 'restart' });
      expect(await query(said.url, READ)).toEqual([7]);
      expect(await fixture.end('SIGTERM')).toBe(0);
      expect(await processesIn(await homeNow())).toEqual([]);
    },
  );

  it('ends a query that keeps a killed server from being started again', async () => {
    const { fixture, said } = await start();
    const busy = query(said.url, 'do $$ begin loop null; end loop; end $$').catch((error) => error);
    await vi.waitFor(async () =>
      expect(
        await query(
          said.url,
          "select count(*)::int from pg_stat_activity where query like '%loop%' and state = 'active'",
        ),
      ).toEqual([2]),
    );
    process.kill(await postmasterPid(), 'SIGKILL');
    expect(await next(fixture)).toEqual({ event: 'exit' });
    expect(await next(fixture)).toEqual({ event: 'restart' });
    expect(await busy).toBeInstanceOf(Error);
    expect(await query(said.url, 'select 1')).toEqual([1]);
  });

  it('stops for good while it is being started again', async () => {
    const { fixture } = await start();
    process.kill(await postmasterPid(), 'SIGKILL');
    expect(await next(fixture)).toEqual({ event: 'exit' });
    expect(await fixture.end('SIGTERM')).toBe(0);
    expect(await processesIn(await homeNow())).toEqual([]);
  });

  it('is not held up by another process that has the number of the former server', async () => {
    const first = await start();
    await query(first.said.url, KEEP);
    const pidFile = path.join(await homeNow(), 'data/postmaster.pid');
    const text = await readFile(pidFile, 'utf8');
    await first.fixture.end('SIGTERM');
    const { uid, gid } = await stat(path.dirname(pidFile));
    const other = spawn('sleep', ['600'], { ...(isRoot && { uid, gid }) });
    try {
      await writeFile(pidFile, text.replace(/^\d+/, String(other.pid)));
      if (isRoot) await chown(pidFile, uid, gid);
      const second = await start();
      expect(second.said).toMatchObject({ event: 'ready', adopted: false });
      expect(await query(second.said.url, READ)).toEqual([7]);
      expect(other.exitCode ?? other.signalCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('makes the database anew when it was killed while it made it', async () => {
    const fixture = launch();
    await vi.waitFor(
      async () => {
        const names = await readdir(await homeNow());
        const made = names.find((name) => name.startsWith('data.new-') && !name.endsWith('.password'));
        expect(await readdir(path.join(await homeNow(), made ?? ''))).toContain('base');
      },
      { timeout: 20_000, interval: 5 },
    );
    await fixture.end('SIGKILL');
    expect(await readdir(await homeNow())).not.toContain('data');
    const { said } = await start();
    expect(said).toMatchObject({ event: 'ready' });
    expect((await readdir(await homeNow())).filter((name) => name.startsWith('data.new'))).toEqual([]);
  });
});

describe('what stands in the way', () => {
  it('moves to another port when its own is taken', async () => {
    const first = await start();
    await query(first.said.url, KEEP);
    await first.fixture.end('SIGTERM');
    const taker = createServer().listen(first.said.port, '127.0.0.1');
    try {
      const second = await start();
      expect(second.said.event).toBe('ready');
      expect(second.said.port).not.toBe(first.said.port);
      expect(await query(second.said.url, READ)).toEqual([7]);
      await second.fixture.end('SIGTERM');
      expect((await start()).said.port).toBe(second.said.port);
    } finally {
      taker.close();
    }
  });

  it('names the version of a database that it cannot read', async () => {
    await (await start()).fixture.end('SIGTERM');
    await writeFile(path.join(await homeNow(), 'data/PG_VERSION'), '17\n');
    const { said } = await start();
    expect(said).toMatchObject({ event: 'failed', name: 'StartError' });
    expect(said.message).toMatch(/is of PostgreSQL 17 and this Parley brings PostgreSQL 18: /);
  });

  it('says what to do when the password is not the one of the database, and leaves nothing running', async () => {
    await (await start()).fixture.end('SIGTERM');
    const { fixture, said } = await start(undefined, 'another');
    expect(said).toMatchObject({ event: 'failed', name: 'StartError' });
    expect(said.message).toMatch(/has another password than secrets.json/);
    await fixture.end('SIGTERM');
    expect(await processesIn(await homeNow())).toEqual([]);
  });

  it("gives PostgreSQL's own reason when it does not start", async () => {
    await (await start()).fixture.end('SIGTERM');
    await rm(path.join(await homeNow(), 'data/global/pg_control'));
    const { said } = await start();
    expect(said).toMatchObject({ event: 'failed', name: 'StartError' });
    expect(said.message).toMatch(/^PostgreSQL does not start \(.*pg_control.*\): see /);
  });
});

describe.runIf(isRoot)('as root', () => {
  it('keeps the database in the data folder, closed to everybody else', async () => {
    await start();
    expect(await homeNow()).toBe(path.join(dataFolder, 'postgres'));
    expect((await stat(dataFolder)).mode & 0o777).toBe(0o710);
    expect((await stat(path.join(dataFolder, 'postgres/data'))).uid).not.toBe(0);
  });

  it('goes to a place of its own below a folder that other users cannot enter, and finds it again', async () => {
    await chmod(base, 0o700);
    const first = await start();
    expect(first.said.event).toBe('ready');
    expect((await homeNow()).startsWith(base)).toBe(false);
    await query(first.said.url, KEEP);
    await first.fixture.end('SIGKILL');
    const second = await start();
    expect(second.said.adopted).toBe(true);
    expect(await query(second.said.url, READ)).toEqual([7]);
    await second.fixture.end('SIGTERM');
    expect(await processesIn(await homeNow())).toEqual([]);

    await rm(dataFolder, { recursive: true });
    await mkdir(dataFolder, { mode: 0o700 });
    await expect(query((await start()).said.url, READ)).rejects.toThrow(/does not exist/);
    expect(homes.size).toBe(2);
  });

  it('refuses to run a copy of a data folder on the database of the original', async () => {
    await chmod(base, 0o700);
    await (await start()).fixture.end('SIGTERM');
    const copy = path.join(base, 'copy');
    await mkdir(path.join(copy, 'postgres'), { recursive: true });
    await writeFile(path.join(copy, 'postgres/place'), `${await homeNow()}\n`);
    const fixture = startFixture(FIXTURE, [copy, PASSWORD]);
    processes.push(fixture);
    expect((await next(fixture)).message).toMatch(/is a copy of .* and shares its database/);
  });

  it('says so when that place is gone', async () => {
    await chmod(base, 0o700);
    await (await start()).fixture.end('SIGTERM');
    await rm(await homeNow(), { recursive: true });
    expect((await start()).said.message).toMatch(/and is gone: put it back, or delete/);
  });
});

describe.runIf(OTHER_USER !== undefined)('as a normal user', () => {
  it('starts, is killed, is taken over and stops', async () => {
    const uid = OTHER_USER ?? 0;
    await chown(dataFolder, uid, uid);
    const first = await start(uid);
    expect(first.said).toMatchObject({ event: 'ready', adopted: false });
    expect((await stat(path.join(dataFolder, 'postgres/data'))).uid).toBe(uid);
    await query(first.said.url, KEEP);
    await first.fixture.end('SIGKILL');
    const second = await start(uid);
    expect(second.said.adopted).toBe(true);
    expect(await query(second.said.url, READ)).toEqual([7]);
    expect(await second.fixture.end('SIGTERM')).toBe(0);
    expect(await processesIn(await homeNow())).toEqual([]);
  });

  it('can be followed by root, for whom PostgreSQL then runs as that user', async () => {
    const uid = OTHER_USER ?? 0;
    await chown(dataFolder, uid, uid);
    await (await start(uid)).fixture.end('SIGTERM');
    expect((await start()).said.event).toBe('ready');
    expect((await stat(path.join(await homeNow(), 'data'))).uid).toBe(uid);
    expect((await stat(path.join(await homeNow(), 'data/postmaster.pid'))).uid).toBe(uid);
  });
});
