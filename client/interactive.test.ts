import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatApi } from './api.ts';
import { apiKeyCredential } from './credential.ts';
import { InteractiveChat } from './interactive.ts';
import { createPaint } from './style.ts';
import { ToyChat } from './toy-chat.fixture.ts';
import { ToyTerminal } from './toy-terminal.fixture.ts';

const PATIENCE = { timeout: 20_000 };

let toy: ToyChat;
let folder: string;
let terminal: ToyTerminal;
let talking: Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'parley-chat-'));
  toy = new ToyChat();
  await toy.start();
  terminal = new ToyTerminal(120);
  const api = new ChatApi(new URL('graphql', toy.url), apiKeyCredential('pk_key'), () => {});
  const given = { api, viewerId: 'ada', room: 'Lobby', files: [], paint: createPaint(false) };
  talking = new InteractiveChat({ ...given, input: terminal.input, output: terminal }).run();
  await until('Lobby');
});

afterEach(async () => {
  terminal.type('/quit\n');
  await talking;
  await toy.stop();
  rmSync(folder, { recursive: true, force: true });
});

const until = (text: string) => vi.waitUntil(() => terminal.screen.join('\n').includes(text), PATIENCE);

const sent = () => toy.messages.filter(({ author }) => (author as { id: string }).id === 'ada');

test('/image uploads a file for the next line, and for that one alone', async () => {
  const file = path.join(folder, 'two  words.txt');
  writeFileSync(file, 'hello');
  terminal.type(`/image ${file}\n`);
  await until('· two  words.txt (text/plain, 5 bytes) goes with your next line.');
  terminal.type('look\n');
  await until('Echo: look');
  await until(`· Ada: two  words.txt (text/plain, 5 bytes) ${toy.url}/attachments/`);
  terminal.type('draw something\n');
  await until(`· Echo: picture.png (image/png, 3 x 2) ${toy.url}/attachments/drawn`);
  expect(sent()).toMatchObject([{ attachments: [{ fileName: 'two  words.txt' }] }, { attachments: [] }]);
});

test('what is attached can be taken back, and what cannot be is said in a sentence', async () => {
  for (const name of ['a.txt', 'virus.exe']) writeFileSync(path.join(folder, name), 'x');
  terminal.type(`/file '${path.join(folder, 'a.txt')}'\n`);
  await until('· a.txt');
  terminal.type('/drop\n');
  await until('Nothing goes with your next line any more.');
  for (const [typed, said] of [
    ['', 'Say which file: /image PATH.'],
    [folder, 'That is a folder'],
    [path.join(folder, 'b.png'), 'There is no such file'],
    [path.join(folder, 'virus.exe'), 'It is of the type x-exe.'],
  ] as const) {
    terminal.type(`/image ${typed}\n`);
    await until(`! ${said}`);
  }
  terminal.type('hello\n');
  await until('Echo: hello');
  expect(sent()).toMatchObject([{ attachments: [] }]);
});
