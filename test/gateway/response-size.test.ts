import { beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '../support/room-call.ts';
import type { Person, SeededRoom } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { RawSocket } from './raw-socket.fixture.ts';

const MAX = 64 * 1024;
/** By characters more would fit: it is bytes that are counted. */
const HALF = 'ü'.repeat(MAX / 4);

const PAGE = `query ($id: ID!, $last: Int!) {
  conversation(id: $id) { messages(last: $last) { nodes { text } } }
}`;
const SEND_LONG = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id text again: text } } }`;
const FOLLOW = `subscription ($id: ID!, $after: String) {
  conversationEvents(conversationId: $id, after: $after) {
    __typename cursor
    ... on MessageAdded { message { text again: text } }
  }
}`;

const TOO_LARGE = {
  message: expect.stringMatching(
    /^The answer has \d+ bytes where the limit "responseBytes" allows 65536: ask for smaller pages \(`first`, `last`\) or fewer fields\./,
  ),
  extensions: {
    code: 'BAD_USER_INPUT',
    limit: { name: 'responseBytes', max: MAX, found: expect.any(Number) },
  },
};

let test: TestServer;
let owner: Person;
let room: SeededRoom;

beforeAll(async () => {
  test = await startTestServer({ MAX_RESPONSE_BYTES: String(MAX) });
  owner = await test.seed.owner();
  room = await test.seed.room(owner);
  for (const text of [HALF, HALF, 'short']) await sendMessage(owner.client, room.id, text);
}, 120_000);

describe('an answer of more bytes than one may have', () => {
  it('is refused over HTTP, and a smaller one is not', async () => {
    const small = await owner.client.send(PAGE, { id: room.id, last: 2 });
    expect(small.errors).toBeUndefined();
    const large = await owner.client.send(PAGE, { id: room.id, last: 3 });
    expect(large).toMatchObject({ status: 200, data: undefined, errors: [TOO_LARGE] });
    expect(Buffer.byteLength(large.text)).toBeLessThan(1_000);
    expect(large.headers.get('content-type')).toContain('application/json');
    const accept = 'application/graphql-response+json';
    const modern = await owner.client.send(PAGE, { id: room.id, last: 3 }, { accept });
    expect(modern).toMatchObject({ status: 400, data: undefined, errors: [TOO_LARGE] });
    expect(modern.headers.get('content-type')).toContain(accept);
  });

  it('does not undo a mutation, and says so, also where it is sent again', async () => {
    const input = { conversationId: room.id, text: `${HALF}!` };
    const key = { 'idempotency-key': 'large' };
    for (let tries = 0; tries < 2; tries++) {
      const { errors } = await owner.client.send<unknown>(SEND_LONG, { input }, key);
      expect(errors).toEqual([TOO_LARGE]);
      expect(errors?.[0]?.message).toMatch(/The mutation has been carried out\.$/);
    }
    const { conversation } = await owner.client.request<{ conversation: { messages: { nodes: { text: string }[] } } }>(
      PAGE,
      { id: room.id, last: 2 },
    );
    expect(conversation.messages.nodes.map(({ text }) => text)).toEqual(['short', input.text]);
  });

  it('is counted as refused', async () => {
    const read = async () => {
      const text = await (await fetch(`${test.url}/metrics`)).text();
      const series = 'request_seconds_count{operation="query",outcome="client_error",code="BAD_USER_INPUT"}';
      return Number(text.split(series)[1]?.split('\n')[0] ?? 0);
    };
    const before = await read();
    await owner.client.send(PAGE, { id: room.id, last: 4 });
    expect(await read()).toBe(before + 1);
  });

  it('is refused over WebSocket', async () => {
    const socket = await RawSocket.init(test.url, { authorization: `Bearer ${owner.client.token}` });
    const id = 'with "quotes" \\ and "type":"next"';
    const payload = { query: PAGE, variables: { id: room.id, last: 4 } };
    await socket.say({ type: 'subscribe', id, payload });
    expect((await socket.hear('next', id)).payload).toEqual({ errors: [TOO_LARGE] });
    await socket.hear('complete', id);
    socket.close();
  });

  it('leaves a stream as it is where it is one event', async () => {
    const socket = await RawSocket.init(test.url, { authorization: `Bearer ${owner.client.token}` });
    const payload = { query: FOLLOW, variables: { id: room.id, after: room.cursor } };
    await socket.say({ type: 'subscribe', id: 'room', payload });
    const texts = () =>
      socket.received
        .filter(({ type }) => type === 'next')
        .map((each) => each.payload as { data?: { conversationEvents: { message?: { text: string } } } });
    while (!texts().some(({ data }) => data?.conversationEvents.message?.text === 'short')) {
      expect(socket.ended).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(texts().slice(0, 3)).toEqual([
      { errors: [TOO_LARGE] },
      { errors: [TOO_LARGE] },
      { data: { conversationEvents: expect.objectContaining({ message: { text: 'short', again: 'short' } }) } },
    ]);
    expect(socket.ended).toBeNull();
    socket.close();
  });
});
