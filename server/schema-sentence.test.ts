import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createLog } from '#core/log';
import { createTestDatabase, databaseUrl, type TestDatabase, withAdmin } from '#test/support/database';
import { ensureSchema } from './schema-check.ts';
import { StartError } from './start-error.ts';

const log = createLog({ level: 'silent', pretty: false });

/** What the start says about the database at `url`; null where it goes on. */
const sentenceFor = async (url: string): Promise<string | null> => {
  try {
    await ensureSchema(url, { embedded: true, log });
    return null;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return error.message;
  }
};

const record = (name: string, finishedAt: string) =>
  `insert into _prisma_migrations (id, migration_name, checksum, applied_steps_count, finished_at)
   values ('${randomUUID()}', '${name}', 'sum', 1, ${finishedAt})`;

describe('a start looks at the schema first', () => {
  const empty = `parley_${randomUUID().replaceAll('-', '')}`;
  let test: TestDatabase;

  beforeAll(async () => {
    test = await createTestDatabase(inject('adminUrl'));
    await withAdmin(inject('adminUrl'), (admin) => admin.query(`create database ${empty}`));
  });

  afterAll(async () => {
    await test.drop();
    await withAdmin(inject('adminUrl'), (admin) => admin.query(`drop database if exists ${empty} with (force)`));
  });

  it('and goes on where it fits, after setting up an empty one', async () => {
    const url = databaseUrl(inject('adminUrl'), empty);
    expect([await sentenceFor(url), await sentenceFor(url), await sentenceFor(test.url)]).toEqual([null, null, null]);
  });

  it.each([
    [
      'newer',
      record('29990101000000_later', 'now()'),
      /newer version of Parley \(it has: 29990101000000_later\): start/,
    ],
    [
      'changed',
      `update _prisma_migrations set checksum = 'x'`,
      /another build of Parley \(differs in: \d+_\w+.*\): start/,
    ],
    ['failed', record('29990101000000_later', 'null'), /was interrupted \(29990101000000_later\): restore a backup/],
  ])('and says in one sentence that it is %s', async (_, change, sentence) => {
    await withAdmin(test.url, async (admin) => {
      await admin.query('create table kept as select * from _prisma_migrations');
      await admin.query(change);
    });
    const said = await sentenceFor(test.url);
    await withAdmin(test.url, async (admin) => {
      await admin.query('truncate _prisma_migrations');
      await admin.query('insert into _prisma_migrations select * from kept');
      await admin.query('drop table kept');
    });
    expect(said).toMatch(sentence);
    expect(said).not.toContain('\n');
  });

  it('and says so where there is no database to be reached', async () => {
    expect(await sentenceFor('postgres://nobody@127.0.0.1:1/none')).toMatch(
      /^The database cannot be reached \(.+\): check/,
    );
  });
});
