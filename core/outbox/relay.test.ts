import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { currentOrgId } from '#core/database/tenant';
import { newId } from '#core/id';
import { eventually } from '#core/job/eventually.fixture';
import { createMemoryLog } from '#core/job/memory-log.fixture';
import { openTcpProxy } from '#core/job/tcp-proxy.fixture';
import { currentRequest, type RequestContext, runInRequest } from '#core/request-context';
import { createTestDatabase, type TestDatabase } from '#test/support/database';
import { Delivery } from './delivery.ts';
import type { OutboxEvent } from './event.ts';
import { createEffects, effectful, type leaveEffect, Outbox } from './outbox.fixture.ts';

let memory: ReturnType<typeof createMemoryLog>;
let database: TestDatabase;
let outbox: Outbox;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  memory = createMemoryLog();
  database = await createTestDatabase(inject('adminUrl'));
  await createEffects(database.url);
  outbox = await Outbox.open(database.url, memory.log);
});
afterEach(async () => {
  await outbox.close();
  for (const end of ends.splice(0).reverse()) await end();
  await database.drop();
});

/** Whoever waits for a retry here does not wait for its time. */
const makeAllDue = () => outbox.sql('UPDATE outbox_events SET next_try_at = now() WHERE delivered_at IS NULL');

describe('an event', () => {
  test('reaches every consumer of its type, inside its organization, and no other', async () => {
    const seen: unknown[] = [];
    const consumer = (name: string, types: '*' | string[]) => ({
      name,
      types,
      consume: async (event: OutboxEvent) => {
        seen.push([name, event.type, event.payload, event.orgId, currentOrgId()]);
      },
    });
    outbox.relay([consumer('all', '*'), consumer('some', ['b']), consumer('none', ['c'])]).start();
    const [one, two] = [newId(), newId()];
    await outbox.emit(one, 'a');
    await eventually(() => outbox.areDelivered());
    await outbox.emit(two, 'b');
    await eventually(() => outbox.areDelivered());
    expect(seen).toEqual([
      ['all', 'a', { of: 'a' }, one, one],
      ['all', 'b', { of: 'b' }, two, two],
      ['some', 'b', { of: 'b' }, two, two],
    ]);
  });

  test('that nobody consumes is done with', async () => {
    outbox.relay([]).start();
    await outbox.emit(newId());
    await eventually(() => outbox.areDelivered());
    expect(await outbox.effects()).toEqual(new Map());
  });

  test('of a request is not consumed as part of that request', async () => {
    const seen: unknown[] = [];
    const consumer = { name: 'all', types: '*' as const, consume: async () => void seen.push(currentRequest()) };
    outbox.relay([consumer]).start();
    const client = { ip: null, userAgent: null };
    const context = { viewer: null, client, idempotency: null, cache: new Map() } as unknown as RequestContext;
    await runInRequest(context, () => outbox.emit(newId()));
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([undefined]);
  });
});

describe('the effect of an event', () => {
  test('happens once though it is delivered 100 times at once', async () => {
    const id = await outbox.emit(newId());
    const { rows } = await outbox.database.systemPool.query('SELECT org_id FROM outbox_events WHERE id = $1', [id]);
    const event: OutboxEvent = { id, orgId: rows[0].org_id, type: 'test.happened', payload: {}, createdAt: new Date() };
    const { transactions } = outbox;
    const consumers = [effectful('one'), effectful('two')];
    const delivery = new Delivery({ transactions, consumers, log: memory.log, timeoutMs: 20_000 });
    const results = await Promise.all(
      Array.from({ length: 100 }, () => delivery.deliver({ event, attempt: 1, consumed: [] })),
    );
    expect(results.filter(({ end }) => end === 'delivered')).toHaveLength(100);
    expect(await outbox.effects()).toEqual(new Map([`one ${id}`, `two ${id}`].map((key) => [key, 1])));
  });

  test('happens once for each consumer, whoever fails how often and however many relays share the work', async () => {
    const failures = fc.array(fc.record({ first: fc.nat({ max: 2 }), second: fc.nat({ max: 2 }) }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(failures, async (plan) => {
        const other = await Outbox.open(database.url, memory.log);
        const left = new Map<string, number>();
        const consumer = (name: string) =>
          effectful(name, ({ id }) => {
            const key = `${name} ${id}`;
            const remaining = left.get(key) ?? 0;
            left.set(key, remaining - 1);
            if (remaining > 0) throw new Error('not now');
          });
        const expected: string[] = [];
        for (const { first, second } of plan) {
          const id = await outbox.emit(newId());
          left.set(`first ${id}`, first).set(`second ${id}`, second);
          expected.push(`first ${id}`, `second ${id}`);
        }
        const consumers = [consumer('first'), consumer('second')];
        const relays = [outbox, outbox, other].map((each) => each.relay(consumers, { pollMs: 30, concurrency: 2 }));
        for (const relay of relays) relay.start();
        await eventually(async () => {
          await makeAllDue();
          return outbox.areDelivered();
        });
        await Promise.all(relays.map((relay) => relay.close()));
        await other.close();
        const effects = await outbox.effects();
        expect(expected.map((key) => [key, effects.get(key)])).toEqual(expected.map((key) => [key, 1]));
      }),
      { numRuns: 5 },
    );
  });

  test('is undone when its consumer fails after it', async () => {
    outbox.relay([effectful('never', () => Promise.reject(new Error('no')))]).start();
    await outbox.emit(newId());
    await eventually(async () => (await outbox.rows()).some(({ last_error }) => last_error !== null));
    expect(await outbox.effects()).toEqual(new Map());
  });
});

describe('a consumer that fails', () => {
  test('holds up neither the other consumers nor the other events, and shows why, without secrets', async () => {
    const poison = effectful('poison', ({ type }) => {
      if (type === 'bad') throw new Error('refused: Bearer abcdefghijklmnop at https://me:hunter2@example.org/');
    });
    outbox.relay([poison, effectful('healthy')]).start();
    const orgId = newId();
    const bad = await outbox.emit(orgId, 'bad');
    const good: string[] = [];
    for (let n = 0; n < 20; n++) good.push(await outbox.emit(orgId, 'good'));
    await eventually(async () => (await outbox.effects()).size === 41);
    const keys = [...good.flatMap((id) => [`poison ${id}`, `healthy ${id}`]), `healthy ${bad}`];
    expect([...(await outbox.effects()).keys()].sort()).toEqual(keys.sort());
    await eventually(async () => (await outbox.rows()).filter(({ delivered }) => !delivered).length === 1);
    const row = (await outbox.rows()).find(({ id }) => id === bad);
    expect(row?.last_error).toBe('poison: Error: refused: Bearer [secret] at https://[secret]@example.org/');
    expect(row?.attempts).toBeGreaterThan(0);
    expect(memory.text()).not.toMatch(/hunter2|abcdefghijklmnop/);
  });

  test('is tried again later, and those that had the event do not get it again', async () => {
    let healed = false;
    const seen: string[] = [];
    const note = (name: string) => effectful(name, () => void seen.push(name));
    const sick = effectful('sick', () => {
      if (!healed) throw new Error('still sick');
    });
    outbox.relay([note('before'), sick, note('after')], { pollMs: 30 }).start();
    await outbox.emit(newId());
    await eventually(async () => (await outbox.rows()).some(({ attempts, due_in }) => attempts === 2 && due_in < 5));
    healed = true;
    await eventually(async () => {
      await makeAllDue();
      return outbox.areDelivered();
    });
    expect(seen).toEqual(['before', 'after']);
    expect([...(await outbox.effects()).values()]).toEqual([1, 1, 1]);
  });

  test('twenty times is told as an error, and tried once an hour from then on', async () => {
    outbox.relay([effectful('poison', () => Promise.reject(new Error('never')))], { pollMs: 30 }).start();
    const id = await outbox.emit(newId());
    const isSettled = async (attempts: number) =>
      (await outbox.rows()).every((row) => row.attempts === attempts && row.due_in > 3_500 && row.last_error !== null);
    await outbox.sql('UPDATE outbox_events SET attempts = 19, next_try_at = now()');
    const told = () => memory.lines.filter(({ level }) => level === 50);
    await eventually(async () => told().length === 1 && (await isSettled(20)));
    await makeAllDue();
    await eventually(async () => told().length === 2 && (await isSettled(21)));
    expect(told().map(({ event, attempt }) => ({ event, attempt }))).toEqual([
      { event: id, attempt: 20 },
      { event: id, attempt: 21 },
    ]);
  });

  test('to answer in time is let go, and the others get the event', async () => {
    const hanging = { name: 'hanging', types: '*' as const, consume: () => new Promise<void>(() => {}) };
    outbox.relay([hanging, effectful('healthy')], { timeoutMs: 1_500 }).start();
    const id = await outbox.emit(newId());
    await eventually(async () => (await outbox.effects()).has(`healthy ${id}`));
    await eventually(async () => (await outbox.rows()).some(({ last_error }) => last_error !== null));
    expect((await outbox.rows())[0]?.last_error).toBe('hanging: Error: It took longer than 1500 ms.');
  });
});

describe('a relay', () => {
  test('leaves alone what another one has in hand, until the lease is reset', async () => {
    let begun = 0;
    let finish = () => {};
    const slow = effectful('slow', async () => {
      begun += 1;
      await new Promise<void>((resolve) => (finish = resolve));
    });
    const first = outbox.relay([slow], { pollMs: 20, concurrency: 1 });
    first.start();
    await outbox.emit(newId());
    await eventually(() => begun === 1);
    const second = outbox.relay([effectful('slow')], { pollMs: 20 });
    second.start();
    await outbox.emit(newId());
    await eventually(async () => (await outbox.rows()).filter(({ delivered }) => delivered).length === 1);
    expect((await outbox.rows()).map(({ delivered, attempts }) => [delivered, attempts])).toEqual([
      [false, 1],
      [true, 1],
    ]);
    expect(await second.resetLeases()).toBe(1);
    // The second relay now waits at the row that the first one has written and not committed.
    await eventually(async () => (await outbox.rows())[0]?.attempts === 2);
    finish();
    await eventually(() => outbox.areDelivered());
    expect([...(await outbox.effects()).values()]).toEqual([1, 1]);
    expect(begun).toBe(1);
  });

  test('finishes what it has in hand when it is closed, and gives the rest back uncounted', async () => {
    let begun = 0;
    const gates: (() => void)[] = [];
    const slow = effectful('slow', async () => {
      begun += 1;
      await new Promise<void>((resolve) => gates.push(resolve));
    });
    for (let n = 0; n < 5; n++) await outbox.emit(newId());
    const relay = outbox.relay([slow], { concurrency: 2 });
    relay.start();
    await eventually(() => begun === 2);
    const closed = relay.close();
    for (const open of gates) open();
    await closed;
    const rows = await outbox.rows();
    expect(rows.filter(({ delivered }) => delivered)).toHaveLength(2);
    const rest = rows.filter(({ delivered }) => !delivered);
    expect(rest.map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
    expect(rest.every(({ due_in }) => due_in <= 0)).toBe(true);
  });

  test('goes on when the database was away, and complains once', async () => {
    const line = await openTcpProxy(database.url);
    ends.push(() => line.close());
    const remote = await Outbox.open(line.url, memory.log);
    ends.push(() => remote.close());
    const relay = remote.relay([effectful('one')], { pollMs: 20 });
    relay.start();
    await outbox.emit(newId());
    await eventually(() => outbox.areDelivered());
    await line.cut();
    await outbox.emit(newId());
    const complaints = () => memory.lines.filter(({ msg }) => String(msg).startsWith('the outbox cannot be reached'));
    await eventually(() => complaints().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(complaints()).toHaveLength(1);
    await line.mend();
    await eventually(() => outbox.areDelivered());
    expect([...(await outbox.effects()).values()]).toEqual([1, 1]);
  });

  test('deletes what was delivered long ago, and nothing else', async () => {
    outbox.relay([effectful('one')], { purgeMs: 50, retentionMs: 60_000 }).start();
    const old = await outbox.emit(newId());
    const recent = await outbox.emit(newId());
    await eventually(() => outbox.areDelivered());
    const stuck = newId();
    await outbox.sql(
      `INSERT INTO outbox_events (id, org_id, type, payload, created_at, next_try_at, attempts)
       VALUES ($1, $2, 'stuck', '{}', now() - interval '1 day', now() + interval '1 hour', 21)`,
      [stuck, newId()],
    );
    await outbox.sql("INSERT INTO consumed_events (event_id, consumer, org_id) VALUES ($1, 'one', $2)", [
      stuck,
      newId(),
    ]);
    await outbox.sql(
      `UPDATE outbox_events SET created_at = now() - interval '1 day', delivered_at = now() - interval '1 day' WHERE id = $1`,
      [old],
    );
    await eventually(async () => (await outbox.rows()).length === 2);
    expect((await outbox.rows()).map(({ id }) => id).sort()).toEqual([recent, stuck].sort());
    const { rows } = await outbox.database.systemPool.query('SELECT event_id FROM consumed_events ORDER BY event_id');
    expect(rows.map(({ event_id }) => event_id).sort()).toEqual([recent, stuck].sort());
  });

  test('refuses two consumers of one name', () => {
    expect(() => outbox.relay([effectful('same'), effectful('same')])).toThrow(
      'Two consumers of events are called same.',
    );
  });
});

test('what a consumer writes into another organization is refused', async () => {
  const foreign = newId();
  const intruder = {
    name: 'intruder',
    types: '*' as const,
    async consume(event: OutboxEvent, unit: Parameters<typeof leaveEffect>[2]) {
      await unit.tx
        .$executeRaw`INSERT INTO effects (org_id, event_id, consumer) VALUES (${foreign}::uuid, ${event.id}::uuid, 'x')`;
    },
  };
  outbox.relay([intruder]).start();
  await outbox.emit(newId());
  await eventually(async () => (await outbox.rows()).some(({ last_error }) => last_error !== null));
  expect((await outbox.rows())[0]?.last_error).toContain('row-level security');
  expect(await outbox.effects()).toEqual(new Map());
});
