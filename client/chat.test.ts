import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ToyChat } from './toy-chat.fixture.ts';

const CHAT = fileURLToPath(new URL('chat.ts', import.meta.url));
const KEY = { PARLEY_API_KEY: 'pk_key' };
/** An event that the toy sends while nobody listens takes the client a reconnection. */
const PATIENCE = { timeout: 20_000 };

let toy: ToyChat;
let config: string;
let child: ChildProcessWithoutNullStreams | null = null;

beforeEach(async () => {
  config = mkdtempSync(path.join(tmpdir(), 'parley-chat-'));
  toy = new ToyChat();
  await toy.start();
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = null;
  await toy.stop();
  rmSync(config, { recursive: true, force: true });
});

/** Starts the client as a program would, with its standard streams piped. */
function chat(environment: Record<string, string>, args: string[] = []) {
  const { PATH = '' } = process.env;
  const started = spawn(process.execPath, ['--import', 'tsx', CHAT, ...args], {
    env: { PATH, HOME: config, XDG_CONFIG_HOME: config, PARLEY_URL: toy.url, ...environment },
  });
  child = started;
  const seen = { out: '', err: '' };
  started.stdout.on('data', (chunk) => {
    seen.out += chunk;
  });
  started.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  const exit = new Promise<number | null>((resolve) => started.on('close', resolve));
  return { seen, exit, stdin: started.stdin, interrupt: () => started.kill('SIGINT') };
}

describe('chat through a pipe', () => {
  test('sends each line and writes the reply, one after the other', async () => {
    const { seen, exit, stdin } = chat(KEY);
    stdin.end('hello there\n\nand again\n');
    expect(await exit).toBe(0);
    expect(seen).toEqual({ out: 'Echo: hello there\nEcho: and again\n', err: '' });
  });

  test('a restart in the middle of a reply loses nothing and repeats nothing', async () => {
    toy.hold();
    const { seen, exit, stdin } = chat(KEY);
    const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ');
    stdin.end(`${words}\nthe next one\n`);
    await vi.waitUntil(() => toy.sent.size === 1, PATIENCE);
    toy.release();
    await vi.waitUntil(() => seen.out.includes('word5'), PATIENCE);
    toy.hold();
    await toy.stop();
    await vi.waitUntil(() => seen.out.includes('reconnecting'), PATIENCE);
    toy.release();
    await toy.start();
    expect(await exit).toBe(0);
    const replies = seen.out
      .split('\n')
      .filter((line) => !line.startsWith('·'))
      .join('')
      .replaceAll('Echo (goes on): ', '');
    expect(replies).toBe(`Echo: ${words}Echo: the next one`);
    expect(toy.sent.size).toBe(2);
  });

  test('a message whose answer was lost is sent again and arrives once', async () => {
    toy.answersToLose = 2;
    const { seen, exit, stdin } = chat(KEY);
    stdin.end('only once\n');
    expect(await exit).toBe(0);
    expect(seen.out).toBe('Echo: only once\n');
    expect(seen.err).toContain('Trying again');
    expect(toy.messages.map(({ text }) => text)).toEqual(['only once', 'only once']);
  });

  test('a token that expires on the way is renewed before it does', async () => {
    toy.tokenLifetime = 61_000;
    const { seen, exit, stdin } = chat({ PARLEY_EMAIL: 'ada@example.com', PARLEY_PASSWORD: 'correct' });
    stdin.write('first\n');
    await vi.waitUntil(() => seen.out.includes('Echo: first\n'), PATIENCE);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    stdin.end('second\n');
    expect(await exit).toBe(0);
    expect(seen.out).toBe('Echo: first\nEcho: second\n');
    expect(toy.replays).toBe(0);
  });

  test('Ctrl-C stops the reply and keeps what there is of it', async () => {
    const { seen, exit, stdin, interrupt } = chat(KEY);
    const words = Array.from({ length: 2_000 }, (_, index) => `word${index}`).join(' ');
    stdin.end(`${words}\nnot this any more\n`);
    await vi.waitUntil(() => seen.out.includes('word5'), PATIENCE);
    interrupt();
    expect(await exit).toBe(1);
    expect(seen.out).toMatch(/^Echo: word0 [\s\S]*\n· Cancelled\.\n$/);
    expect(toy.sent.size).toBe(1);
  });

  test('a failed reply is said in words and in the exit code', async () => {
    const { seen, exit, stdin } = chat(KEY);
    stdin.end('fail please\n');
    expect(await exit).toBe(1);
    expect(seen.out).toBe('Echo: fail please\n! The model did not answer. Sending it again may go better.\n');
  });

  test('a file goes with the first line, and what an agent draws is said with its address', async () => {
    const file = path.join(config, 'Über uns.txt');
    writeFileSync(file, 'hello');
    const { seen, exit, stdin } = chat(KEY, ['--file', file]);
    stdin.end('draw this\nthen go on\n');
    expect(await exit).toBe(0);
    expect([...toy.uploads.values()].map(String)).toEqual(['hello']);
    const sent = toy.messages.filter(({ author }) => (author as { id: string }).id === 'ada');
    expect(sent).toMatchObject([{ attachments: [{ fileName: 'Über uns.txt' }] }, { attachments: [] }]);
    expect(seen.out).toContain(`· Echo: picture.png (image/png, 3 x 2) ${toy.url}/attachments/drawn?signature=x\n`);
  });

  test.each([
    ['a file that is not there', KEY, ['--file', 'nowhere.png'], /There is no such file: nowhere\.png/],
    ['nobody to ask', {}, [], /PARLEY_EMAIL and PARLEY_PASSWORD/],
    ['a wrong password', { PARLEY_EMAIL: 'a@b.c', PARLEY_PASSWORD: 'no' }, [], /^E-mail or password is wrong\.\n$/],
    ['a revoked key', { PARLEY_API_KEY: 'pk_gone' }, [], /^Log in first\.\n$/],
    ['a room that is not there', KEY, ['--room', 'Attic'], /no room "Attic".*Lobby/],
    ['a URL that is none', { ...KEY, PARLEY_URL: 'nowhere' }, [], /nowhere is not the URL of a server/],
    ['an option that is none', KEY, ['--colour'], /--colour/],
  ])('%s: one sentence, no stack', async (_, environment, args, sentence) => {
    const { seen, exit, stdin } = chat(environment as Record<string, string>, args);
    stdin.end('hello\n');
    expect(await exit).toBe(1);
    expect(seen.err).toMatch(sentence);
    expect(seen.err).not.toMatch(/\n\s+at /);
    expect(seen.out).toBe('');
  });
});
