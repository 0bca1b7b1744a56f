import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SubscriptionExecutor } from './executor.ts';
import { plain, ToyGateway, TRANSPORTS } from './toy-gateway.fixture.ts';

describe.each(TRANSPORTS)('refusals over the %s transport', (transport) => {
  let gateway: ToyGateway;
  beforeAll(async () => {
    gateway = await ToyGateway.start(transport);
  });
  afterAll(() => gateway.close());

  const refused: [string, string, Record<string, unknown>?][] = [
    ['a conditional root field', 'subscription ($a: Boolean!) { ticks @include(if: $a) { n } }', { a: true }],
    ['a root field that is always skipped', 'subscription { ticks @skip(if: true) { n } }'],
    ['a conditional fragment at the root', 'subscription { ... @skip(if: false) { ticks { n } } }'],
    [
      'a conditional field of a fragment at the root',
      'subscription { ...F } fragment F on Subscription { ticks @skip(if: false) { n } }',
    ],
    ['two root fields', 'subscription { ticks { n } audits { id } }'],
    ['one root field under two names', 'subscription { a: ticks { n } b: ticks { n } }'],
    ['an unknown root field', 'subscription { tocks { n } }'],
    ['an unknown field', 'subscription { ticks { m } }'],
    ['a hidden field', 'subscription { roomEvents(roomId: "r1") { room { note } } }'],
    ['an unknown fragment', 'subscription { ...F }'],
    ['a variable that is used and not declared', 'subscription { ticks(every: $every) { n } }'],
    ['a value for a variable that is not declared', 'subscription { ticks { n } }', { after: '7' }],
    ['a value of the wrong type', 'subscription ($e: Int!) { ticks(every: $e) { n } }', { e: 'often' }],
    ['a missing value', 'subscription ($e: Int!) { ticks(every: $e) { n } }'],
    ['a null where there may be none', 'subscription ($e: Int!) { ticks(every: $e) { n } }', { e: null }],
    [
      'an input object that lacks a field',
      'subscription ($f: Filter) { roomEvents(roomId: "r1", filter: $f) { cursor } }',
      { f: { words: ['a'] } },
    ],
    ['a query', 'query { event { cursor } }'],
    ['several operations and no name', 'subscription A { ticks { n } } subscription B { ticks { n } }'],
    ['a document without an operation', 'fragment F on Tick { n }'],
  ];

  it.each(refused)('refuses %s as bad input, and asks no subgraph', async (_, query, variables) => {
    const answer = await gateway.subscribe(query, variables);
    expect(plain(answer)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(answer).not.toHaveProperty('data');
    expect(gateway.graph.openings).toEqual([]);
    expect(gateway.executor.running).toBe(0);
  });

  it('names the variable that does not fit', async () => {
    const query = 'subscription ($e: Int!, $f: Filter) { ticks(every: $e) { n } }';
    expect(plain(await gateway.subscribe(query, { e: 'often', f: { minimum: 'x' } }))).toMatchObject({
      errors: [{ extensions: { fields: [{ path: 'e' }, { path: 'f' }] } }],
    });
  });
});

describe.each(TRANSPORTS)('what a subgraph is given over the %s transport', (transport) => {
  let gateway: ToyGateway;
  beforeAll(async () => {
    gateway = await ToyGateway.start(transport);
  });
  afterAll(() => gateway.close());

  it('gets the arguments, and the cursor to resume after, as the client sent them', async () => {
    const stream = await gateway.open(
      'subscription Follow($room: ID!, $after: String, $f: Filter) { roomEvents(roomId: $room, after: $after, filter: $f) { cursor } }',
      { room: 7, after: 'c-41', f: { minimum: 2, words: 'one' } },
    );
    expect(gateway.graph.openings.at(-1)?.args).toEqual({
      roomId: '7',
      after: 'c-41',
      filter: { minimum: 2, words: ['one'] },
    });
    await stream.return?.();
  });

  it('gets no cursor when the client has none, so that its own default holds', async () => {
    const stream = await gateway.open(
      'subscription ($after: String) { roomEvents(roomId: "r1", after: $after) { cursor } }',
    );
    expect(gateway.graph.openings.at(-1)?.args).toEqual({ roomId: 'r1', after: 'start' });
    await stream.return?.();
  });

  it('gets the identity of each subscriber, also where they share a connection', async () => {
    const viewers = ['ann', 'bob', 'eve'];
    const streams = [];
    for (const viewer of viewers) streams.push(await gateway.open('subscription { ticks { viewer } }', {}, viewer));
    gateway.graph.publish('ticks', { n: 1 });
    for (const [index, stream] of streams.entries()) {
      expect(plain((await stream.next()).value)).toEqual({ data: { ticks: { viewer: viewers[index] } } });
      await stream.return?.();
    }
    expect(gateway.connections).toBeLessThanOrEqual(1);
  });

  it('may refuse, in its own words', async () => {
    const answer = await gateway.subscribe('subscription { roomEvents(roomId: "forbidden") { cursor } }');
    const first = Symbol.asyncIterator in answer ? (await answer.next()).value : answer;
    expect(plain(first)).toMatchObject({ errors: [{ message: 'Not for you.', extensions: { code: 'FORBIDDEN' } }] });
    if (Symbol.asyncIterator in answer) expect((await answer.next()).done).toBe(true);
    expect(gateway.executor.running).toBe(0);
  });
});

describe('a subscription before there is a schema', () => {
  it('is refused as unavailable', async () => {
    const executor = new SubscriptionExecutor({
      subscribeAt: () => Promise.reject(new Error('must not be called')),
      fetchFrom: () => undefined,
      formatError: (error) => error,
    });
    executor.warmUp();
    const answer = await executor.subscribe({ document: parse('subscription { ticks { n } }'), context: {} });
    expect(plain(answer)).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
  });
});
