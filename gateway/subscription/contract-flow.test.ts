import fc from 'fast-check';
import type { ExecutionResult } from 'graphql';
import { parse } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import { delta, messageAdded, peopleJoined } from './toy-event.fixture.ts';
import { eventually, only, ToyGateway, type ToyGatewayOptions, TRANSPORTS, take } from './toy-gateway.fixture.ts';

const CURSORS = 'subscription { roomEvents(roomId: "r1") { __typename cursor } }';
const JOINED = `subscription { roomEvents(roomId: "r1") { cursor
  ... on MessageAdded { message { score author { name friend { rank } } } } ... on PeopleJoined { people { nick rank } } } }`;

/** Counts what is taken from it, and whether its reader has left. */
function counted(length: number) {
  const source = { taken: 0, left: false, events: [] as string[] };
  const iterator: AsyncIterableIterator<Record<string, unknown>> = {
    next: async () => {
      if (source.taken >= length || source.left) return { value: undefined, done: true };
      source.taken += 1;
      return { value: { roomEvents: delta(String(source.taken)) }, done: false };
    },
    return: async () => {
      source.left = true;
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return { source, open: () => iterator };
}

const cursorsOf = (answers: unknown[]) =>
  answers.map((answer) => (answer as { data: { roomEvents: { cursor: string } } }).data.roomEvents.cursor);

describe.each(TRANSPORTS)('the flow of events over the %s transport', (transport) => {
  let gateway: ToyGateway;
  const start = async (options?: ToyGatewayOptions) => {
    gateway = await ToyGateway.start(transport, options);
    return gateway;
  };
  afterEach(() => gateway.close());

  it('keeps the order of events when their joins finish in another', async () => {
    const { graph } = await start();
    const stream = await gateway.open(JOINED);
    let free = () => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    gateway.delay = (_, fetch) => (fetch === 0 ? held : undefined);
    graph.publish('roomEvents', messageAdded('1'));
    graph.publish('roomEvents', peopleJoined('2', 'ann'));
    graph.publish('roomEvents', delta('3'));
    const answers = take(stream, 3);
    // The second event's join starts while the first one's is held: they run side by side.
    await eventually(() => expect(JSON.stringify(gateway.fetches)).toContain('ann'));
    free();
    expect(cursorsOf(await answers)).toEqual(['1', '2', '3']);
  });

  it('joins no more events at a time than the window allows', async () => {
    const { graph } = await start({ window: 2 });
    const stream = await gateway.open(
      'subscription { roomEvents(roomId: "r1") { cursor ... on MessageAdded { message { author { name } } } } }',
    );
    let running = 0;
    let most = 0;
    gateway.delay = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    for (let cursor = 1; cursor <= 12; cursor += 1) graph.publish('roomEvents', messageAdded(String(cursor)));
    expect(await take(stream, 12)).toHaveLength(12);
    expect(most).toBe(2);
  });

  it('gives subscribers of one event answers of their own', async () => {
    const { graph } = await start();
    const [first, second] = [await gateway.open(JOINED), await gateway.open(JOINED)];
    graph.publish('roomEvents', peopleJoined('1', 'ann', 'bob'));
    const [one, two] = [(await first.next()).value.data, (await second.next()).value.data];
    expect(one).toEqual(two);
    one.roomEvents.people[0].rank = 'changed';
    expect(two.roomEvents.people[0].rank).toBe(3);
  });

  only(transport, 'local')('takes no more from the subgraph than a slow client reads', async () => {
    const { graph } = await start({ window: 4 });
    const { source, open } = counted(1_000_000);
    graph.source = open;
    const stream = await gateway.open(CURSORS);
    expect(source.taken).toBe(0);
    await take(stream, 3);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(source.taken).toBe(7);
    await stream.return?.();
    expect(source.left).toBe(true);
  });

  only(transport, 'remote')('ends a stream that a slow client leaves unread, losing no event silently', async () => {
    const { graph } = await start({ window: 2, maxQueued: 5 });
    const { source, open } = counted(1_000_000);
    graph.source = open;
    const stream = await gateway.open(CURSORS);
    const first = await take(stream, 1);
    await eventually(() => expect(source.left).toBe(true));
    const answers: unknown[] = [...first];
    await expect(
      (async () => {
        for (;;) answers.push(...(await take(stream, 1)));
      })(),
    ).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE', resumable: true } });
    expect(cursorsOf(answers)).toEqual(answers.map((_, index) => String(index + 1)));
    expect(answers.length).toBeLessThanOrEqual(1 + 2 + 5);
    expect((await stream.next()).done).toBe(true);
    await eventually(() => expect(gateway.executor.running).toBe(0));
  });

  it('answers any sequence of events, however long their joins take, as one after the other would', async () => {
    await start();
    const event = fc.oneof(
      fc
        .constantFrom('bob', 'ghost', 'broken', 'eve')
        .map((author) => (cursor: string) => messageAdded(cursor, author)),
      fc
        .uniqueArray(fc.constantFrom('ann', 'bob', 'ghost'), { maxLength: 3 })
        .map((people) => (cursor: string) => peopleJoined(cursor, ...people)),
      fc.constant((cursor: string) => delta(cursor)),
    );
    const delays = fc.array(fc.nat(8), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 20 }), delays, async (events, turns) => {
        const sequence = events.map((make, index) => make(String(index)));
        gateway.delay = () => undefined;
        const expected = [];
        const alone = await gateway.open(JOINED);
        for (const root of sequence) {
          gateway.graph.publish('roomEvents', root);
          expected.push(...(await take(alone, 1)));
        }
        await alone.return?.();
        await eventually(() => expect(gateway.graph.topic.size).toBe(0));

        let fetch = 0;
        gateway.delay = async () => {
          fetch += 1;
          for (let turn = turns[fetch % turns.length] ?? 0; turn > 0; turn -= 1) {
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        const stream = await gateway.open(JOINED);
        for (const root of sequence) gateway.graph.publish('roomEvents', root);
        expect(await take(stream, sequence.length)).toEqual(expected);
        await stream.return?.();
        await eventually(() => expect(gateway.graph.topic.size).toBe(0));
      }),
      { numRuns: 25 },
    );
  });
});

describe('events that a subscriber shares', () => {
  const frozen = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
    return value;
  };

  it('are never changed by joins', async () => {
    const event: ExecutionResult = frozen({
      data: {
        roomEvents: {
          __typename: 'MessageAdded',
          cursor: '1',
          message: {
            __typename: 'Message',
            id: '1',
            text: 'hi',
            weight: 2,
            author: { __typename: 'Person', id: 'bob' },
          },
        },
      },
    });
    const shared = async () => [event, event].values();
    const gateway = await ToyGateway.start('local', {
      subscribeAt: async () => {
        const events = await shared();
        return { next: async () => events.next() as IteratorResult<ExecutionResult> };
      },
    });
    const request = { document: parse(JOINED), context: { viewer: 'ann' } };
    const streams = [await gateway.executor.subscribe(request), await gateway.executor.subscribe(request)];
    for (const stream of streams) {
      const answers = await take(stream as AsyncIterator<ExecutionResult>, 2);
      const data = { roomEvents: { cursor: '1', message: { score: 4, author: { name: 'Name of bob' } } } };
      expect(answers).toMatchObject([{ data }, { data }]);
    }
    await gateway.close();
  });
});
