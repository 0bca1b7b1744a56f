import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { PASSWORD } from '#test/support/seed';
import { ServerChat } from './server-chat.fixture.ts';

const CHAT = fileURLToPath(new URL('chat.ts', import.meta.url));

let chat: ServerChat;

beforeAll(async () => {
  chat = await ServerChat.start();
}, 120_000);

afterAll(() => chat?.stop());

beforeEach(() => chat.makeRoom());

afterEach(() => chat.leave());

describe('through a pipe', () => {
  test('a person logs in, writes, and reads the reply as it comes', async () => {
    const held = chat.model.held('Good ');
    chat.model.next(held.play);
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', CHAT, '--room', chat.title], {
      env: { PATH, PARLEY_URL: chat.server.url, PARLEY_EMAIL: chat.olga.email, PARLEY_PASSWORD: PASSWORD },
    });
    const seen = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      seen.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      seen.err += chunk;
    });
    child.stdin.end('Hello\n');
    await vi.waitUntil(() => seen.out.includes('Ada: Good '), { timeout: 20_000 });
    held.finish('morning.');
    const [code] = await once(child, 'close');
    expect({ code, ...seen }).toEqual({ code: 0, out: 'Ada: Good morning.\n', err: '' });
  });
});

describe('versions of messages', () => {
  test('a reply is made anew, and either version is gone to', async () => {
    await chat.open();
    await chat.say('Of cats', 'Cats purr.');
    chat.model.next(chat.model.answer('Cats sleep.'));
    chat.type('/regenerate');
    await chat.until('Ada: Cats sleep.\n>');
    expect(chat.shown).toContain('· Another version is shown from “Cats purr.” on.');
    chat.type('/branches');
    await chat.until('   1  Ada: Cats purr.\n→  2  Ada: Cats sleep.');
    chat.type('/branch 1');
    await chat.until(
      '· Another version is shown from “Cats sleep.” on. /branches lists what there is.\nAda: Cats purr.\n>',
    );
    chat.type('/branch 1');
    await chat.until('· That is the version which is shown.');
    chat.type('/branch 3');
    await chat.until('! There are 2 versions: /branches lists them.');
  });

  test('one’s own message is put in other words, and what followed the first comes back with it', async () => {
    await chat.open();
    await chat.say('Of cats', 'Cats purr.');
    await chat.say('More', 'Cats sleep.');
    chat.model.next(chat.model.answer('Cats are many.'));
    chat.type('/revise How many?');
    await chat.until('Ada: Cats are many.\n>');
    expect(JSON.stringify(chat.model.calls.at(-1)?.body)).not.toContain('More');
    chat.type('/branch 1');
    await chat.until('on. /branches lists what there is.\nOlga: More\nAda: Cats sleep.\n>');
  });

  test('somebody else’s choice is shown as it happens', async () => {
    await chat.open();
    await chat.say('Of cats', 'Cats purr.');
    const { conversations } = await chat.olga.client.request<{
      conversations: { nodes: { messages: { nodes: { id: string }[] } }[] };
    }>('{ conversations(first: 1) { nodes { messages(last: 1) { nodes { id } } } } }');
    const messageId = conversations.nodes[0]?.messages.nodes[0]?.id;
    chat.model.next(chat.model.answer('Cats climb.'));
    await chat.olga.client.request(
      'mutation ($input: RegenerateReplyInput!) { regenerateReply(input: $input) { run { id } } }',
      { input: { messageId } },
    );
    await chat.until(
      '· Another version is shown from “Cats purr.” on. /branches lists what there is.\nAda: Cats climb.\n>',
    );
  });

  test('what cannot be is said in a sentence', async () => {
    await chat.open();
    for (const [typed, said] of [
      ['/regenerate', 'No agent has written here lately.'],
      ['/revise', 'Say what it should be: /revise TEXT.'],
      ['/revise Hello', 'You have written nothing here lately.'],
      ['/branches', 'There are no other versions here'],
      ['/branches 1', 'Nothing has been written here yet.'],
      ['/branch x', 'Say which version, as /branches counts them: "x" is no such number.'],
      ['/fork', 'Nothing has been written here yet.'],
      ['/what', 'There is no /what. /help lists what there is.'],
    ] as const) {
      chat.type(typed);
      await chat.until(said);
    }
  });
});

describe('forks', () => {
  test('go on from a message with the same agents, and leave the room as it is', async () => {
    await chat.open();
    await chat.say('Of cats', 'Cats purr.');
    await chat.say('Of dogs', 'Dogs bark.');
    chat.type('/fork 3');
    await chat.until('· This room is a fork of your own.');
    expect(chat.shown.slice(chat.shown.lastIndexOf(`— ${chat.title} —`))).toMatch(
      /^— Room \d+ —\nOlga: Of cats\nAda: Cats purr\.\n· This/,
    );
    await chat.say('And birds?', 'Birds sing.');
    const prompt = JSON.stringify(chat.model.calls.at(-1)?.body);
    expect(prompt).toMatch(/Of cats.*And birds/);
    expect(prompt).not.toContain('dogs');
  });
});

describe('what was written', () => {
  test('is found by its words, in all rooms', async () => {
    await chat.open();
    await chat.say('Which fish fly?', 'Some flying fish glide.');
    chat.type('/search glide');
    await chat.until(`  ${chat.title}  Ada: Some flying fish glide`);
    chat.type('/search xylophone');
    await chat.until('Nothing was found.');
    chat.type('/search');
    await chat.until('! Say what to look for');
  });

  test('is written to a file, over none that is there', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'parley-chat-'));
    try {
      await chat.open();
      await chat.say('Of cats', 'Cats purr.');
      chat.type(`/export ${folder}`);
      const name = chat.title.replace(' ', '-');
      await chat.until(`· The room is in ${path.join(folder, `${name}.md`)}.`);
      expect(readFileSync(path.join(folder, `${name}.md`), 'utf8')).toContain('Cats purr.');
      const file = path.join(folder, 'room.json');
      chat.type(`/export json ${file}`);
      await chat.until(`· The room is in ${file}.`);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 'parley-conversation' });
      writeFileSync(file, 'mine');
      chat.type(`/export json ${file}`);
      await chat.until('! There is such a file already: ');
      expect(readFileSync(file, 'utf8')).toBe('mine');
      chat.type(`/export ${path.join(folder, 'nowhere', 'room.md')}`);
      await chat.until('! There is no such folder: ');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('is given an emoji, and everybody sees it', async () => {
    await chat.open();
    await chat.say('Of cats', 'Cats purr.');
    chat.type('/react 🐈');
    await chat.until('· Olga puts 🐈 to “Cats purr.”.');
    chat.type('/unreact 🐈 1');
    await chat.until('· Olga takes 🐈 away from “Cats purr.”.');
    chat.type('/react cat 2');
    await chat.until('! Give exactly one emoji.');
    chat.type('/react 🐈 9');
    await chat.until('! There are 2 messages to choose from, counted from the last one.');
  });
});

test('/help lists every command by what it is about', async () => {
  await chat.open();
  chat.type('/help');
  await chat.until('Everything else is sent to the room.');
  expect(chat.shown).toMatch(/^Speaking for agents\n {2}\/takeover \[WHO\] +speak for/m);
});

describe('a room', () => {
  test('is given another title, and people and agents come and go', async () => {
    await chat.server.seed.agent(chat.olga, { name: 'Bea', model: chat.model.modelId });
    await chat.server.seed.member(chat.olga, 'MEMBER', 'Max');
    await chat.open();
    chat.type('/rename The attic');
    await chat.until('· The room is called The attic now.');
    chat.type('/invite be');
    await chat.until('· Bea comes into the room.');
    chat.type('/invite max');
    await chat.until('· Max comes into the room.');
    chat.type('/who');
    await chat.until('  Olga\n  Ada (agent)\n  Bea (agent)\n  Max (away)');
    await chat.say('Of cats', 'Cats purr.');
    chat.model.next(chat.model.answer('Cats sing.'));
    chat.type('/regenerate bea');
    await chat.until('Bea: Cats sing.\n>');
    chat.type('/remove Ada');
    await chat.until('· Ada is no longer in the room.');
    for (const [typed, said] of [
      ['/invite Nobody', '! There is no agent or person "Nobody" here.'],
      ['/remove olga', '! That is you: /leave.'],
      ['/rooms Cellar', '! There is no room "Cellar".'],
    ] as const) {
      chat.type(typed);
      await chat.until(said);
    }
  });

  test('tells what is new in it until it is entered, is left, and is deleted', async () => {
    const max = await chat.server.seed.member(chat.olga, 'MEMBER', 'Max');
    await chat.makeRoom([], [max]);
    const [first, id] = [chat.title, chat.roomId];
    await chat.makeRoom();
    await chat.open();
    await sendMessage(max.client, id, 'Hello?');
    chat.type('/rooms');
    await chat.until(`${first}    (1 new)`);
    chat.type(first);
    await chat.until(`— ${first} —\nMax: Hello?`);
    await sendMessage(max.client, id, 'Are you there?');
    await chat.until('Max: Are you there?');
    const unread = async () => {
      const query = 'query ($id: ID!) { conversation(id: $id) { unreadCount } }';
      const { conversation } = await chat.olga.client.request<{ conversation: { unreadCount: number } }>(query, { id });
      return conversation.unreadCount;
    };
    const titles = async () => {
      const { conversations } = await chat.olga.client.request<{ conversations: { nodes: { title: string }[] } }>(
        '{ conversations(first: 100) { nodes { title } } }',
      );
      return conversations.nodes.map((room) => room.title);
    };
    await vi.waitUntil(async () => (await unread()) === 0, { timeout: 20_000 });
    chat.type('/delete');
    await chat.until('Type yes:');
    chat.type('no');
    await chat.until('· The room stays.');
    chat.type('/leave');
    await chat.until(`  1  ${chat.title}  Ada`);
    chat.type(chat.title);
    await chat.say('Still here?', 'Always.');
    expect(await titles()).not.toContain(first);
    chat.type('/delete');
    await chat.until('Type yes:', 2);
    chat.type('yes');
    await chat.until('n for a new one', 3);
    expect(await titles()).not.toContain(chat.title);
    chat.type('n');
    await chat.until('Title of the new room:');
    chat.type('Fresh');
    await chat.until('Agents (numbers');
    chat.type('1');
    await chat.until('— Fresh —');
  });
});
