import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createMemoryBus } from '#core/bus/memory-bus';
import { newId } from '#core/id';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { decodeBatch, FencedError, type StreamAppend, streamChannel } from './event.ts';
import { readAfter, readExtent } from './log-reader.ts';
import { trimStreams } from './retention.ts';
import { StreamWriter } from './writer.ts';

const log = pino({ level: 'silent' });
const ORG = newId();

describe('the stream log', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let bus: ReturnType<typeof createMemoryBus>;

  const event = (topic: string, payload: unknown, producer?: StreamAppend['producer']): StreamAppend => ({
    topic,
    orgId: ORG,
    type: 'T',
    payload: JSON.stringify(payload),
    ...(producer && { producer }),
  });
  const writer = (maxBatch = 50) => new StreamWriter({ pool, bus, log, maxBatch, retryForMs: 5_000 });
  const claim = (id: string, epoch: number) =>
    pool.query(
      `insert into stream_producers (id, org_id, epoch) values ($1, $2, $3)
       on conflict (id) do update set epoch = excluded.epoch`,
      [id, ORG, epoch],
    );
  const payloads = async (topic: string) => {
    const rows = await readAfter(pool, topic, 0, 10_000);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    return rows.map(({ payload }) => JSON.parse(payload) as unknown);
  };

  beforeAll(async () => {
    database = await createTestDatabase(inject('adminUrl'));
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
    pool.on('error', () => {});
  });
  beforeEach(() => {
    bus = createMemoryBus();
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  it('has no hole and keeps the order of each writer, for many streams and two writers at once', async () => {
    const topics = Array.from({ length: 20 }, newId);
    const writers = [writer(), writer(7)];
    const published = new Map(topics.map((topic) => [topic, [] as number[]]));
    for (const topic of topics) {
      await bus.subscribe(streamChannel(topic), (message) => {
        for (const { seq } of decodeBatch(message).events) published.get(topic)?.push(seq);
      });
    }
    const appended: Promise<unknown>[] = [];
    for (let n = 0; n < 25; n++) {
      for (const topic of topics) {
        for (const [who, each] of writers.entries()) appended.push(each.append(event(topic, [who, n])));
      }
      if (n % 5 === 0) await Promise.race(appended.slice(-3));
    }
    await Promise.all(writers.map((each) => each.drain()));
    await Promise.all(appended);
    for (const topic of topics) {
      const all = (await payloads(topic)) as [number, number][];
      expect(all).toHaveLength(50);
      for (const who of [0, 1]) {
        expect(all.filter(([by]) => by === who).map(([, n]) => n)).toEqual(Array.from({ length: 25 }, (_, n) => n));
      }
      expect([...(published.get(topic) ?? [])].sort((a, b) => a - b)).toEqual(all.map((_, index) => index + 1));
    }
  });

  it('refuses what comes from a claim that was taken over, and nothing else of the same flush', async () => {
    const [topic, old, current] = [newId(), newId(), newId()];
    await claim(old, 2);
    await claim(current, 1);
    const shared = writer();
    const first = shared.append(event(topic, 'first'));
    const outcomes = await Promise.allSettled([
      first,
      shared.append(event(topic, 'zombie', { id: old, epoch: 1 })),
      shared.append(event(topic, 'current', { id: current, epoch: 1 })),
      shared.append(event(topic, 'unknown', { id: newId(), epoch: 1 })),
      shared.append(event(topic, 'last')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(FencedError);
    }
    expect(await payloads(topic)).toEqual(['first', 'current', 'last']);
  });

  it('lets nothing slip in between a claim and its commit', async () => {
    const [topic, producer] = [newId(), newId()];
    await claim(producer, 1);
    const takeover = await pool.connect();
    await takeover.query('begin');
    await takeover.query('update stream_producers set epoch = 2 where id = $1', [producer]);
    const late = writer().append(event(topic, 'late', { id: producer, epoch: 1 }));
    const outcome = late.then(
      () => 'written',
      (error: unknown) => error,
    );
    expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))])).toBe('waits');
    await takeover.query('commit');
    takeover.release();
    expect(await outcome).toBeInstanceOf(FencedError);
    expect(await payloads(topic)).toEqual([]);
  });

  it('refuses a flush whose connection breaks, with what its producers appended behind it; others go on', async () => {
    const [topic, quiet, producer] = [newId(), newId(), newId()];
    await claim(producer, 1);
    const shared = writer();
    const by = { id: producer, epoch: 1 };
    await shared.append(event(topic, 0, by));
    const block = await pool.connect();
    await block.query('begin');
    await block.query('select 1 from stream_heads where topic = $1 for update', [topic]);
    const cut = [1, 2, 3].map((n) => shared.append(event(topic, n, by)));
    const other = shared.append(event(quiet, 'other'));
    const settled = Promise.allSettled(cut);
    for (;;) {
      const { rowCount } = await block.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rowCount) break;
    }
    await block.query('rollback');
    block.release();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await other).toMatchObject({ seq: 1 });
    await shared.append(event(topic, 4, by));
    expect(await payloads(topic)).toEqual([0, 4]);
  });

  it('waits for a database that takes no connections, and writes once', async () => {
    const topic = newId();
    let refusals = 3;
    const shy = {
      query: (statement: pg.QueryConfig) => {
        refusals -= 1;
        if (refusals >= 0) return Promise.reject(Object.assign(new Error('starting up'), { code: '57P03' }));
        return pool.query(statement);
      },
    } as unknown as pg.Pool;
    const patient = new StreamWriter({ pool: shy, bus, log, retryForMs: 5_000 });
    expect(await patient.append(event(topic, 'once'))).toMatchObject({ seq: 1 });
    expect(await payloads(topic)).toEqual(['once']);
  });

  it('keeps what is younger than the retention, without a hole, and says from where on', async () => {
    const [old, young, both] = [newId(), newId(), newId()];
    const shared = writer();
    for (const topic of [old, both]) for (const n of [1, 2, 3]) await shared.append(event(topic, n));
    await pool.query("update stream_events set at = at - interval '2 days' where topic = any($1)", [[old, both]]);
    for (const topic of [young, both]) await shared.append(event(topic, 'new'));
    expect(await trimStreams(pool, 24 * 3_600)).toBe(6);
    expect(await trimStreams(pool, 24 * 3_600)).toBe(0);
    expect(await readExtent(pool, old)).toEqual({ lastSeq: 3, keptSeq: 4 });
    expect(await readExtent(pool, young)).toEqual({ lastSeq: 1, keptSeq: 1 });
    expect(await readExtent(pool, both)).toEqual({ lastSeq: 4, keptSeq: 4 });
    expect((await readAfter(pool, both, 0)).map(({ seq }) => seq)).toEqual([4]);
    expect(await shared.append(event(old, 'again'))).toMatchObject({ seq: 4 });
  });

  it('reads long events in short pages', async () => {
    const topic = newId();
    const shared = writer();
    for (let n = 0; n < 6; n++) await shared.append(event(topic, String(n).repeat(300_000)));
    const sizes: number[] = [];
    for (let after = 0; after < 6; ) {
      const page = await readAfter(pool, topic, after);
      sizes.push(page.length);
      after = page.at(-1)?.seq ?? 6;
    }
    expect(sizes).toEqual([2, 2, 2]);
  });
});
