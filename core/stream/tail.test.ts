import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type pg from 'pg';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Bus, BusListener } from '#core/bus/bus';
import { encodeBatch, type StreamEvent, streamChannel } from './event.ts';
import { StreamFeed } from './feed.ts';
import { Tail } from './tail.ts';

const TOPIC = '01920000-0000-7000-8000-000000000001';
const ORG = '01920000-0000-7000-8000-000000000002';
const log = pino({ level: 'silent' });

/** The wire of PostgreSQL as far as a tail asks it: the log, which answers when it is told to. */
class FakeLog {
  readonly events: StreamEvent[] = [];
  kept = 1;
  exists = true;
  private readonly waiting: (() => void)[] = [];

  append(): StreamEvent {
    const event = { seq: this.events.length + 1, type: 'T', payload: `"${this.events.length + 1}"`, at: new Date(0) };
    this.events.push(event);
    return event;
  }

  /** Lets one query that waits be answered, with what the log holds then. */
  answerOne(): void {
    this.waiting.shift()?.();
  }

  get pool(): pg.Pool {
    const query = async ({ name, values }: { name: string; values: unknown[] }) => {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
      return { rows: this.answer(name, values) };
    };
    return { query } as unknown as pg.Pool;
  }

  private answer(name: string, values: unknown[]): unknown[] {
    if (!this.exists) return [];
    const lastSeq = this.events.length;
    if (name === 'stream-extent') return lastSeq === 0 ? [] : [{ lastSeq, keptSeq: this.kept }];
    if (name === 'stream-heads') return lastSeq === 0 ? [] : [{ topic: TOPIC, seq: lastSeq }];
    const after = Number(values[1]);
    return this.events.filter(({ seq }) => seq > after && seq >= this.kept).slice(0, 3);
  }
}

/** A bus that brings, loses, repeats and reorders what a test tells it to. */
class FakeBus implements Bus {
  private readonly listeners = new Map<string, BusListener>();
  private readonly gapListeners = new Set<() => void>();

  deliver(events: StreamEvent[]): void {
    this.listeners.get(streamChannel(TOPIC))?.(encodeBatch({ topic: TOPIC, events }));
  }
  tellOfGap(): void {
    for (const listener of this.gapListeners) listener();
  }
  publish(): void {}
  async subscribe(channel: string, listener: BusListener): Promise<() => void> {
    this.listeners.set(channel, listener);
    return () => this.listeners.delete(channel);
  }
  onGap(listener: () => void): () => void {
    this.gapListeners.add(listener);
    return () => this.gapListeners.delete(listener);
  }
  isUp = () => true;
  async close(): Promise<void> {}
}

async function openTail(after: number, log_: FakeLog) {
  const bus = new FakeBus();
  const feed = new StreamFeed(bus, log_.pool, log);
  const opening = Tail.open({ pool: log_.pool, feed, orgId: ORG, topic: TOPIC, after });
  for (let n = 0; n < 5; n++) {
    await turn();
    log_.answerOne();
  }
  return { bus, feed, tail: await opening };
}

/** Answers everything that is asked until nothing more comes. */
async function settle(log_: FakeLog): Promise<void> {
  for (let n = 0; n < 60; n++) {
    log_.answerOne();
    await turn();
  }
}

/** One thing that happens: an append whose message is lost, comes, comes twice or late; a query answered; a read. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), fate: fc.constantFrom('lost', 'now', 'twice', 'late') }),
  fc.record({ kind: fc.constant('deliver late' as const), at: fc.nat(20) }),
  fc.record({ kind: fc.constantFrom('answer' as const, 'read' as const, 'gap' as const, 'turn' as const) }),
);

describe('Tail', () => {
  it('gives every event once and in order, whatever the bus does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(4), fc.nat(4), async (steps, before, offset) => {
        const events = new FakeLog();
        for (let n = 0; n < before; n++) events.append();
        const after = Math.min(offset, before);
        const { bus, feed, tail } = await openTail(after, events);
        const got: number[] = [];
        const read = () =>
          void tail.next().then(({ value }) => {
            if (value && !('gap' in value)) got.push(value.seq);
          });
        const late: StreamEvent[] = [];
        for (const each of steps) {
          if (each.kind === 'append') {
            const event = events.append();
            if (each.fate === 'late') late.push(event);
            if (each.fate === 'now' || each.fate === 'twice') bus.deliver([event]);
            if (each.fate === 'twice') bus.deliver([event]);
          } else if (each.kind === 'deliver late') {
            const [event] = late.splice(each.at % Math.max(1, late.length), 1);
            if (event) bus.deliver([event]);
          } else if (each.kind === 'answer') events.answerOne();
          else if (each.kind === 'read') read();
          else if (each.kind === 'gap') bus.tellOfGap();
          else await turn();
        }
        for (let n = 0; n < events.events.length + 1; n++) read();
        bus.tellOfGap();
        await settle(events);
        expect(got).toEqual(events.events.slice(after).map(({ seq }) => seq));
        await tail.return();
        feed.close();
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['what comes next is no longer kept', 2, { gap: true, seq: 9 }],
    ['it is from beyond the end', 42, { gap: true, seq: 9 }],
    ['the next event is the oldest that is kept', 5, { seq: 6 }],
  ])('begins at a cursor: %s', async (_name, after, expected) => {
    const events = new FakeLog();
    for (let n = 0; n < 9; n++) events.append();
    events.kept = 6;
    const { feed, tail } = await openTail(after, events);
    const first = tail.next();
    await settle(events);
    expect((await first).value).toMatchObject(expected);
    await tail.return();
    feed.close();
  });

  it('tells a reader whom the retention has overtaken of the gap', async () => {
    const events = new FakeLog();
    events.append();
    const { bus, feed, tail } = await openTail(1, events);
    for (let n = 0; n < 5; n++) events.append();
    events.kept = 5;
    bus.tellOfGap();
    const first = tail.next();
    await settle(events);
    expect((await first).value).toMatchObject({ gap: true, seq: 6 });
    const next = tail.next();
    bus.deliver([events.append()]);
    expect((await next).value).toMatchObject({ seq: 7 });
    await tail.return();
    feed.close();
  });

  it('ends with its stream, and at once when its reader leaves', async () => {
    const events = new FakeLog();
    events.append();
    const { bus, feed, tail } = await openTail(1, events);
    const waiting = tail.next();
    events.exists = false;
    bus.deliver([]);
    await settle(events);
    expect(await waiting).toEqual({ value: undefined, done: true });

    events.exists = true;
    const other = await openTail(1, events);
    const quiet = other.tail.next();
    await other.tail.return();
    expect(await quiet).toEqual({ value: undefined, done: true });
    feed.close();
    other.feed.close();
  });
});
