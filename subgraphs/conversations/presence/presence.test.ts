import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { RoomReader } from '#test/support/room-reader';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const PRESENCE = `subscription ($id: ID!) {
  roomPresence(conversationId: $id) { here { ... on User { name } } typing { ... on User { name } } }
}`;
const TYPE = 'mutation ($input: SetTypingInput!) { setTyping(input: $input) { expiresAt } }';
const REMOVE =
  'mutation ($input: RemoveParticipantInput!) { removeParticipant(input: $input) { removedParticipantId } }';

interface Shown {
  here: string[];
  typing: string[];
}

/** Watches who is in a room over a socket of its own. */
class Watcher {
  readonly shown: Shown[] = [];
  error: unknown = null;
  ended = false;
  private readonly socket: Client;

  constructor(person: Person, roomId: string) {
    this.socket = person.client.socket();
    const names = (people: { name: string }[]) => people.map(({ name }) => name).sort();
    this.socket.subscribe<{ roomPresence: Record<keyof Shown, { name: string }[]> }>(
      { query: PRESENCE, variables: { id: roomId } },
      {
        next: ({ data, errors }) => {
          if (errors) this.error = errors;
          const presence = data?.roomPresence;
          if (presence) this.shown.push({ here: names(presence.here), typing: names(presence.typing) });
        },
        error: (error) => {
          this.error = error;
          this.ended = true;
        },
        complete: () => {
          this.ended = true;
        },
      },
    );
  }

  async until(here: string[], typing: string[] = []): Promise<void> {
    const wanted = JSON.stringify({ here: here.sort(), typing });
    await eventually(
      () => JSON.stringify(this.shown.at(-1)) === wanted,
      () => `Shown: ${JSON.stringify(this.shown)}, ${JSON.stringify(this.error)}`,
    );
  }

  untilEnded = () =>
    eventually(
      () => this.ended,
      () => 'It goes on.',
    );

  close = async () => this.socket.dispose();
}

async function eventually(done: () => boolean, why: () => string): Promise<void> {
  for (let waited = 0; !done(); waited += 10) {
    if (waited > 15_000) throw new Error(why());
    await sleep(10);
  }
}

describe('presence', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let max: Person;
  let vera: Person;
  let admin: Person;
  let stranger: Person;

  const type = (person: Person, conversationId: string, typing?: boolean) =>
    person.client.request<{ setTyping: { expiresAt: string | null } }>(TYPE, { input: { conversationId, typing } });

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [max, vera, admin] = await Promise.all([
      test.seed.member(olga, 'MEMBER', 'Max'),
      test.seed.member(olga, 'VIEWER', 'Vera'),
      test.seed.member(olga, 'ADMIN', 'Alma'),
    ]);
  }, 120_000);

  it('begins with who is there and tells who comes, goes and drops out', async () => {
    const { id, cursor } = await test.seed.room(olga, { people: [max, vera] });
    const reader = new RoomReader(max.client, id, cursor);
    const watcher = new Watcher(olga, id);
    await watcher.until(['Olga', 'Max']);
    const second = new Watcher(vera, id);
    await second.until(['Olga', 'Max', 'Vera']);
    expect(second.shown).toHaveLength(1);
    await reader.close();
    await watcher.until(['Olga', 'Vera']);
    await second.close();
    await watcher.until(['Olga']);
    await watcher.close();
  });

  it('shows those who type, until they stop or fall silent', async () => {
    const { id } = await test.seed.room(olga, { people: [max] });
    const watcher = new Watcher(olga, id);
    await watcher.until(['Olga']);
    expect(new Date((await type(max, id)).setTyping.expiresAt ?? 0).getTime()).toBeGreaterThan(Date.now());
    await watcher.until(['Olga'], ['Max']);
    expect((await type(max, id, false)).setTyping.expiresAt).toBeNull();
    await watcher.until(['Olga']);
    await type(max, id);
    await watcher.until(['Olga'], ['Max']);
    await watcher.until(['Olga']);
    await watcher.close();
  });

  it('does not show those who look in from outside, and to them who is there', async () => {
    const { id } = await test.seed.room(olga);
    const watcher = new Watcher(admin, id);
    await watcher.until([]);
    const inside = new Watcher(olga, id);
    await inside.until(['Olga']);
    await watcher.until(['Olga']);
    for (const each of [watcher, inside]) await each.close();
  });

  it('does not exist for others, in this organization or another', async () => {
    const { id } = await test.seed.room(olga);
    for (const person of [max, stranger]) {
      for (const room of [id, newId(), 'x']) {
        const watcher = new Watcher(person, room);
        await watcher.untilEnded();
        expect(watcher.shown).toEqual([]);
        expect(watcher.error).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
        const refused = await person.client.refusal(TYPE, { input: { conversationId: room } });
        expect(refused.extensions).toEqual({ code: 'NOT_FOUND' });
        await watcher.close();
      }
    }
    expect((await admin.client.refusal(TYPE, { input: { conversationId: id } })).extensions.code).toBe('FORBIDDEN');
  });

  it('ends for who is taken out of the room, who is shown to nobody from then on', async () => {
    const { id } = await test.seed.room(olga, { people: [max, admin] });
    const [watcher, taken, reading] = [new Watcher(olga, id), new Watcher(max, id), new Watcher(admin, id)];
    await watcher.until(['Olga', 'Max', 'Alma']);
    for (const { id: participantId } of [max, admin]) {
      await olga.client.request(REMOVE, { input: { conversationId: id, participantId } });
    }
    await taken.untilEnded();
    expect(taken.error).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    await watcher.until(['Olga']);
    await type(olga, id);
    // She reads every room, so she goes on watching, and is not in it.
    await reading.until(['Olga'], ['Olga']);
    expect(taken.shown.some(({ typing }) => typing.length > 0)).toBe(false);
    for (const each of [watcher, taken, reading]) await each.close();
  });

  it('ends with the room', async () => {
    const { id } = await test.seed.room(olga, { people: [max] });
    const watcher = new Watcher(max, id);
    await watcher.until(['Max']);
    await olga.client.request(
      'mutation ($input: DeleteConversationInput!) { deleteConversation(input: $input) { deletedConversationId } }',
      { input: { conversationId: id } },
    );
    await watcher.untilEnded();
    expect(watcher.error).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    await watcher.close();
  });

  it('bounds how often somebody says that he types, and how often a subscriber is told', async () => {
    const { id } = await test.seed.room(olga, { people: [vera, max] });
    const watcher = new Watcher(olga, id);
    await watcher.until(['Olga']);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        max.client.send(TYPE, { input: { conversationId: id, typing: n % 2 === 0 } }),
      ),
    );
    const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code ?? 'ok');
    expect(codes).toContain('RATE_LIMITED');
    expect(codes.filter((code) => code === 'ok').length).toBeLessThanOrEqual(60);
    await watcher.until(['Olga']);
    expect(watcher.shown.length).toBeLessThan(60);
    await watcher.close();
  });

  it('is kept nowhere', async () => {
    const { id, cursor } = await test.seed.room(olga);
    const watcher = new Watcher(olga, id);
    await type(olga, id);
    await watcher.until(['Olga'], ['Olga']);
    const { conversation } = await olga.client.request<{ conversation: { cursor: string } }>(
      'query ($id: ID!) { conversation(id: $id) { cursor } }',
      { id },
    );
    expect(conversation.cursor).toBe(cursor);
    await watcher.close();
  });
});
