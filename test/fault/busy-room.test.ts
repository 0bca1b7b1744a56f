import { beforeAll, describe, expect, it } from 'vitest';
import { createRoom, sendMessage } from '../support/room-call.ts';
import type { Person } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let test: TestServer;
let owner: Person;
let stranger: Person;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
  stranger = await test.seed.owner('Stella Stranger');
}, 120_000);

/** More than the database connections of a process. */
const MESSAGES = 40;

describe('a storm of messages and changes in one room', () => {
  it('waits its turn without keeping anybody else from the database', async () => {
    const room = await createRoom(owner.client, []);
    const blocker = await test.pool().connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [room.id]);
    const texts = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
    const rename = (title: string) =>
      owner.client.request(
        'mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) { conversation { id } } }',
        { input: { conversationId: room.id, title } },
      );
    const storm = Promise.allSettled([
      ...texts.map((text) => sendMessage(owner.client, room.id, text)),
      ...texts.map((text) => rename(`on ${text}`)),
    ]);
    try {
      // Nobody says when all of them have reached the room: these come after them, on the same way.
      for (let round = 0; round < 5; round++) {
        expect(await stranger.client.request('{ conversations { totalCount } }')).toBeDefined();
        await createRoom(stranger.client, [], `round ${round}`);
      }
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
    expect((await storm).filter(({ status }) => status === 'rejected')).toEqual([]);
    const { conversation } = await owner.client.request<{ conversation: { messages: { nodes: { text: string }[] } } }>(
      'query ($id: ID!) { conversation(id: $id) { messages(last: 100) { nodes { text } } } }',
      { id: room.id },
    );
    expect(conversation.messages.nodes.map(({ text }) => text).sort()).toEqual(texts.sort());
  }, 60_000);
});
