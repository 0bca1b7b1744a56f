import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ScriptedModel } from '#test/support/scripted-model';
import { PASSWORD, type Person, type SeededAgent } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { ChatApi } from './api.ts';
import { logIn, sessionCredential } from './credential.ts';
import { InteractiveChat } from './interactive.ts';
import { memoryStore } from './session-store.ts';
import { createPaint } from './style.ts';
import { ToyTerminal } from './toy-terminal.fixture.ts';

const CHAT = fileURLToPath(new URL('chat.ts', import.meta.url));
const PATIENCE = { timeout: 20_000 };

let server: TestServer;
let model: ScriptedModel;
let olga: Person;
let ada: SeededAgent;
let rooms = 0;
let title: string;
let terminal: ToyTerminal;
let talking: Promise<void> | null = null;

beforeAll(async () => {
  model = await ScriptedModel.start();
  server = await startTestServer(model.variables);
  olga = await server.seed.owner('Olga');
  ada = await server.seed.agent(olga, { name: 'Ada', model: model.modelId });
}, 120_000);

afterAll(() => model?.stop());

beforeEach(async () => {
  rooms += 1;
  title = `Room ${rooms}`;
  await server.seed.room(olga, { agents: [ada], title });
});

afterEach(async () => {
  if (talking) type('/quit');
  await talking;
  talking = null;
});

/** Sits down at a terminal. */
async function chat({ email } = olga): Promise<void> {
  terminal = new ToyTerminal(160);
  const endpoint = new URL('graphql', `${server.url}/`);
  const credential = sessionCredential(endpoint, memoryStore(), await logIn(endpoint, email, PASSWORD));
  const api = new ChatApi(endpoint, credential, () => {});
  const viewerId = (await api.viewer())?.user?.id ?? null;
  const given = { api, viewerId, room: title, files: [], paint: createPaint(false) };
  talking = new InteractiveChat({ ...given, input: terminal.input, output: terminal }).run();
  await until(`— ${title} —`);
}

const shown = () => terminal.screen.join('\n');
const until = (text: string) =>
  vi.waitUntil(() => shown().includes(text), PATIENCE).catch(() => expect(shown()).toContain(text));
const type = (line: string) => terminal.type(`${line}\n`);

/** Says something, and waits for all of the answer. */
async function say(line: string, answer: string): Promise<void> {
  model.next(model.answer(answer));
  type(line);
  await until(`Ada: ${answer}\n>`);
}

describe('through a pipe', () => {
  test('a person logs in, writes, and reads the reply as it comes', async () => {
    const held = model.held('Good ');
    model.next(held.play);
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', CHAT, '--room', title], {
      env: { PATH, PARLEY_URL: server.url, PARLEY_EMAIL: olga.email, PARLEY_PASSWORD: PASSWORD },
    });
    const seen = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      seen.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      seen.err += chunk;
    });
    child.stdin.end('Hello\n');
    await vi.waitUntil(() => seen.out.includes('Ada: Good '), PATIENCE);
    held.finish('morning.');
    const [code] = await once(child, 'close');
    expect({ code, ...seen }).toEqual({ code: 0, out: 'Ada: Good morning.\n', err: '' });
  });
});

describe('versions of messages', () => {
  test('a reply is made anew, and either version is gone to', async () => {
    await chat();
    await say('Of cats', 'Cats purr.');
    model.next(model.answer('Cats sleep.'));
    type('/regenerate');
    await until('Ada: Cats sleep.\n>');
    expect(shown()).toContain('· Another version is shown from “Cats purr.” on.');
    type('/branches');
    await until('   1  Ada: Cats purr.\n→  2  Ada: Cats sleep.');
    type('/branch 1');
    await until('· Another version is shown from “Cats sleep.” on. /branches lists what there is.\nAda: Cats purr.\n>');
    type('/branch 1');
    await until('· That is the version which is shown.');
    type('/branch 3');
    await until('! There are 2 versions: /branches lists them.');
  });

  test('one’s own message is put in other words, and what followed the first comes back with it', async () => {
    await chat();
    await say('Of cats', 'Cats purr.');
    await say('More', 'Cats sleep.');
    model.next(model.answer('Cats are many.'));
    type('/revise How many?');
    await until('Ada: Cats are many.\n>');
    expect(JSON.stringify(model.calls.at(-1)?.body)).not.toContain('More');
    type('/branch 1');
    await until('on. /branches lists what there is.\nOlga: More\nAda: Cats sleep.\n>');
  });

  test('somebody else’s choice is shown as it happens', async () => {
    await chat();
    await say('Of cats', 'Cats purr.');
    const { conversations } = await olga.client.request<{
      conversations: { nodes: { messages: { nodes: { id: string }[] } }[] };
    }>('{ conversations(first: 1) { nodes { messages(last: 1) { nodes { id } } } } }');
    const messageId = conversations.nodes[0]?.messages.nodes[0]?.id;
    model.next(model.answer('Cats climb.'));
    await olga.client.request(
      'mutation ($input: RegenerateReplyInput!) { regenerateReply(input: $input) { run { id } } }',
      { input: { messageId } },
    );
    await until('· Another version is shown from “Cats purr.” on. /branches lists what there is.\nAda: Cats climb.\n>');
  });

  test('what cannot be is said in a sentence', async () => {
    await chat();
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
      type(typed);
      await until(said);
    }
  });
});

describe('forks', () => {
  test('go on from a message with the same agents, and leave the room as it is', async () => {
    await chat();
    await say('Of cats', 'Cats purr.');
    await say('Of dogs', 'Dogs bark.');
    type('/fork 3');
    await until('· This room is a fork of your own.');
    expect(shown().slice(shown().lastIndexOf(`— ${title} —`))).toMatch(
      /^— Room \d+ —\nOlga: Of cats\nAda: Cats purr\.\n· This/,
    );
    await say('And birds?', 'Birds sing.');
    const prompt = JSON.stringify(model.calls.at(-1)?.body);
    expect(prompt).toMatch(/Of cats.*And birds/);
    expect(prompt).not.toContain('dogs');
  });
});
