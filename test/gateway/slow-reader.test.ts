import { expect, it } from 'vitest';
import { sendMessage } from '../support/room-call.ts';
import { RoomReader } from '../support/room-reader.ts';
import { startTestServer } from '../support/server.ts';
import { SlowSocket } from '../support/slow-socket.ts';

const MESSAGES = 80;
const FOLLOW = `subscription ($id: ID!, $after: String) {
  conversationEvents(conversationId: $id, after: $after) {
    cursor ... on MessageAdded { message { text parts { ... on TextPart { text } } } }
  }
}`;

it('ends the socket of a client that does not read, so that it comes again, and lets the others be', async () => {
  const test = await startTestServer({ SLOW_READER_SECONDS: '2' });
  const { client, ...owner } = await test.seed.owner();
  const room = await test.seed.room({ client, ...owner }, { agents: [] });
  const open = async () => {
    const text = await (await fetch(`${test.url}/metrics`)).text();
    return Number(/^parley_websockets (\d+)$/m.exec(text)?.[1]);
  };
  const reader = new RoomReader(client, room.id, room.cursor);
  await expect.poll(open).toBe(1);
  const payload = { query: FOLLOW, variables: { id: room.id, after: room.cursor } };
  const slow = await SlowSocket.open(test.url, client.token ?? '', payload);
  await expect.poll(open).toBe(2);
  // More than the system itself takes for a socket.
  for (let n = 0; n < MESSAGES; n++) await sendMessage(client, room.id, 'x'.repeat(95_000));
  await expect.poll(open, { timeout: 20_000 }).toBe(1);
  await reader.until(() => reader.events.length === MESSAGES);
  await reader.close();
  slow.close();

  // As it would come again, with the last cursor that it has: here with none.
  const again = new RoomReader(client, room.id, room.cursor);
  await again.until(() => again.events.length === MESSAGES);
  expect(again.events.map(({ cursor }) => cursor)).toEqual(reader.events.map(({ cursor }) => cursor));
  await again.close();
});
