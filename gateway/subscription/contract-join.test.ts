import { afterEach, describe, expect, it } from 'vitest';
import { unavailable } from '#core/error';
import { messageAdded, peopleJoined } from './toy-event.fixture.ts';
import { plain, ToyGateway, type ToyGatewayOptions, TRANSPORTS, take } from './toy-gateway.fixture.ts';

const AUTHORS = `subscription { roomEvents(roomId: "r1") {
  cursor ... on MessageAdded { message { author { name } } } } }`;
const NAMES = 'subscription { roomEvents(roomId: "r1") { ... on PeopleJoined { people { id name } } } }';

const authored = (cursor: string, name: string | null) => ({
  cursor,
  message: { author: name === null ? null : { name } },
});

describe.each(TRANSPORTS)('joins over the %s transport', (transport) => {
  let gateway: ToyGateway;
  const start = async (options?: ToyGatewayOptions) => {
    gateway = await ToyGateway.start(transport, options);
    return gateway;
  };
  afterEach(() => gateway.close());

  it('adds a field that another subgraph owns to every event', async () => {
    const { graph } = await start();
    const stream = await gateway.open(AUTHORS);
    graph.publish('roomEvents', messageAdded('1'));
    graph.publish('roomEvents', messageAdded('2', 'eve'));
    expect(await take(stream, 2)).toEqual([
      { data: { roomEvents: authored('1', 'Name of bob') } },
      { data: { roomEvents: authored('2', 'Name of eve') } },
    ]);
    expect(gateway.fetches.map(({ subgraph }) => subgraph)).toEqual(['people', 'people']);
  });

  it('fetches all entities of one event at once', async () => {
    const { graph } = await start();
    const stream = await gateway.open(NAMES);
    graph.publish('roomEvents', peopleJoined('1', 'ann', 'bob', 'eve'));
    const [answer] = await take(stream, 1);
    expect(answer).toEqual({
      data: { roomEvents: { people: ['ann', 'bob', 'eve'].map((id) => ({ id, name: `Name of ${id}` })) } },
    });
    expect(gateway.fetches).toHaveLength(1);
    expect(gateway.fetches[0]?.representations).toHaveLength(3);
  });

  it("comes back to the events' own subgraph for what another one points to", async () => {
    const { graph } = await start();
    const stream = await gateway.open(
      'subscription { roomEvents(roomId: "r1") { room { title } ... on MessageAdded { message { author { home { title } } } } } }',
    );
    graph.publish('roomEvents', messageAdded('1'));
    expect(await take(stream, 1)).toEqual([
      {
        data: {
          roomEvents: { room: { title: 'Kitchen' }, message: { author: { home: { title: 'Title of home-of-bob' } } } },
        },
      },
    ]);
    expect(gateway.fetches.map(({ subgraph }) => subgraph)).toEqual(['people', 'rooms']);
  });

  it('makes no call when the event has nothing to join', async () => {
    const { graph } = await start();
    const stream = await gateway.open(AUTHORS);
    graph.publish('roomEvents', messageAdded('1', null));
    expect(await take(stream, 1)).toEqual([{ data: { roomEvents: authored('1', null) } }]);
    expect(gateway.fetches).toEqual([]);
  });

  it('gives a subgraph the fields that it requires, hidden ones too, and shows none of them', async () => {
    const { graph } = await start();
    const stream = await gateway.open(
      'subscription { roomEvents(roomId: "r1") { ... on MessageAdded { message { score } } } }',
    );
    graph.publish('roomEvents', messageAdded('1'));
    expect(await take(stream, 1)).toEqual([{ data: { roomEvents: { message: { score: 15 } } } }]);
    expect(gateway.fetches[0]?.representations).toEqual([{ __typename: 'Message', id: '1', text: 'hello', weight: 3 }]);
  });

  it('keeps the rest of an event when one entity fails, says where, and goes on', async () => {
    const { graph } = await start();
    const stream = await gateway.open(
      'subscription { roomEvents(roomId: "r1") { cursor ... on PeopleJoined { people { id nick rank friend { name } } } } }',
    );
    gateway.delay = (subgraph) =>
      subgraph === 'scores' ? Promise.reject(new Error('secret host 10.0.0.1')) : undefined;
    graph.publish('roomEvents', peopleJoined('1', 'barbara', 'eve'));
    const failed = (await take(stream, 1))[0] as { data: unknown; errors: unknown };
    expect(failed.errors).toEqual(
      [0, 1].map((index) => ({
        message: 'Something went wrong.',
        path: ['roomEvents', 'people', index],
        extensions: { code: 'INTERNAL' },
      })),
    );
    // `rank` cannot be null, so its person goes, then the list, then the whole event: as in a query.
    expect(failed.data).toBeNull();

    gateway.delay = () => undefined;
    graph.publish('roomEvents', peopleJoined('2', 'eve'));
    expect(await take(stream, 1)).toEqual([
      {
        data: {
          roomEvents: {
            cursor: '2',
            people: [{ id: 'eve', nick: null, rank: 3, friend: { name: 'Friend of eve' } }],
          },
        },
      },
    ]);
  });

  it('gives the error of a joined field the path that the client knows', async () => {
    const { graph } = await start();
    const stream = await gateway.open(
      'subscription { e: roomEvents(roomId: "r1") { cursor ... on MessageAdded { m: message { a: author { n: name } } } } }',
    );
    graph.publish('roomEvents', messageAdded('1', 'broken'));
    graph.publish('roomEvents', messageAdded('2'));
    expect(await take(stream, 2)).toEqual([
      {
        data: { e: { cursor: '1', m: { a: null } } },
        errors: [{ message: 'The people are out.', path: ['e', 'm', 'a', 'n'], extensions: { code: 'UNAVAILABLE' } }],
      },
      { data: { e: { cursor: '2', m: { a: { n: 'Name of bob' } } } } },
    ]);
  });

  it('lets a null that may not be one reach the next field that may', async () => {
    const { graph } = await start();
    const stream = await gateway.open(AUTHORS);
    graph.publish('roomEvents', messageAdded('1', 'ghost'));
    expect(await take(stream, 1)).toMatchObject([{ data: { roomEvents: authored('1', null) } }]);
  });

  it('gives up a join that hangs, with a coded error, and aborts the fetch', async () => {
    const { graph } = await start({ joinTimeoutMs: 30 });
    const stream = await gateway.open(AUTHORS);
    gateway.delay = (_, fetch) => (fetch === 0 ? new Promise(() => {}) : undefined);
    graph.publish('roomEvents', messageAdded('1'));
    graph.publish('roomEvents', messageAdded('2'));
    expect(await take(stream, 2)).toMatchObject([
      {
        data: { roomEvents: authored('1', null) },
        errors: [{ path: ['roomEvents', 'message', 'author'], extensions: { code: 'UNAVAILABLE' } }],
      },
      { data: { roomEvents: authored('2', 'Name of bob') } },
    ]);
    expect(gateway.fetches.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
  });

  it('ends, to be resumed, when nothing is left of an event because a subgraph is away', async () => {
    const { graph } = await start();
    const stream = await gateway.open(
      'subscription { roomEvents(roomId: "r1") { cursor ... on PeopleJoined { people { id rank } } } }',
    );
    graph.publish('roomEvents', peopleJoined('1', 'eve'));
    expect(await take(stream, 1)).toHaveLength(1);
    gateway.delay = (subgraph) => (subgraph === 'scores' ? Promise.reject(unavailable('Away.')) : undefined);
    graph.publish('roomEvents', peopleJoined('2', 'eve'));
    await expect(stream.next()).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE', resumable: true } });
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  it('says so when a subgraph has no data source, and keeps the rest', async () => {
    const { graph } = await start({ fetchFrom: () => undefined });
    const stream = await gateway.open(AUTHORS);
    graph.publish('roomEvents', messageAdded('1'));
    expect(await take(stream, 1)).toMatchObject([
      { data: { roomEvents: authored('1', null) }, errors: [{ extensions: { code: 'UNAVAILABLE' } }] },
    ]);
  });

  it('passes on an event that is an error, without joins, and goes on', async () => {
    const { graph } = await start();
    const stream = await gateway.open(AUTHORS);
    graph.publish('roomEvents', null);
    graph.publish('roomEvents', messageAdded('2'));
    const [failed, next] = await take(stream, 2);
    expect(failed).toEqual({
      data: null,
      errors: [
        {
          message: expect.stringMatching(/^Something went wrong/),
          path: ['roomEvents'],
          extensions: { code: 'INTERNAL' },
        },
      ],
    });
    expect(next).toEqual({ data: { roomEvents: authored('2', 'Name of bob') } });
    expect(gateway.fetches).toHaveLength(1);
  });

  it('does not let a fault in error formatting break the stream', async () => {
    const { graph } = await start({
      formatError: () => {
        throw new Error('secret');
      },
    });
    const stream = await gateway.open(AUTHORS);
    graph.publish('roomEvents', messageAdded('1', 'broken'));
    const [answer] = await take(stream, 1);
    expect(plain(answer)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});
