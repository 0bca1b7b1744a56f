import { afterEach, describe, expect, it } from 'vitest';
import { ToyGateway, TRANSPORTS, take } from './toy-gateway.fixture.ts';

const room = { id: 'r1', title: 'Kitchen' };
const added = (id: string, author: unknown = { id: 'bob' }) => ({
  __typename: 'MessageAdded',
  cursor: id,
  room,
  message: { id, text: 'hello', weight: 3, author },
});
const joined = (...ids: string[]) => ({
  __typename: 'PeopleJoined',
  cursor: 'j',
  room,
  people: ids.map((id) => ({ id })),
  subject: { __typename: 'Person', id: ids[0] },
  host: { id: ids[0] },
});

describe.each(TRANSPORTS)('joins over the %s transport', (transport) => {
  let gateway: ToyGateway;
  const start = async () => {
    gateway = await ToyGateway.start(transport);
    return gateway;
  };
  afterEach(() => gateway.close());

  it('joins a field of an entity that another subgraph owns, on every event', async () => {
    const { graph } = await start();
    const stream = await gateway.open(
      'subscription { roomEvents(roomId: "r1") { cursor ... on MessageAdded { message { author { name } } } } }',
    );
    graph.publish('roomEvents', added('1'));
    graph.publish('roomEvents', added('2', { id: 'eve' }));
    expect(await take(stream, 2)).toEqual([
      { data: { roomEvents: { cursor: '1', message: { author: { name: 'Name of bob' } } } } },
      { data: { roomEvents: { cursor: '2', message: { author: { name: 'Name of eve' } } } } },
    ]);
    expect(gateway.fetches.map(({ subgraph }) => subgraph)).toEqual(['people', 'people']);
    await stream.return?.();
  });
});
