import { createInterface, type Interface } from 'node:readline';
import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TerminalScreen } from './terminal-screen.ts';
import { ToyTerminal } from './toy-terminal.fixture.ts';

let terminal: ToyTerminal;
let prompt: Interface;
let screen: TerminalScreen;

beforeEach(() => {
  terminal = new ToyTerminal(40);
  prompt = createInterface({ input: terminal.input, output: terminal, terminal: true, prompt: '> ' });
  screen = new TerminalScreen(prompt, terminal);
});

afterEach(() => prompt.close());

const type = async (text: string) => {
  terminal.type(text);
  await breathe();
  await breathe();
};

describe('while something is being typed', () => {
  test('a reply streams above it, broken between words', async () => {
    screen.startPrompting();
    await type('half a sen');
    screen.begin('Assistant');
    for (const piece of ['Four ', 'score', ' and seven years ago our fa', 'thers brought ', 'forth'])
      screen.write(piece);
    expect(terminal.screen).toEqual([
      'Assistant: Four score and seven years',
      'ago our fathers brought',
      '> half a sen',
    ]);
    await type('tence');
    screen.end();
    expect(terminal.screen).toEqual([
      'Assistant: Four score and seven years',
      'ago our fathers brought forth',
      '> half a sentence',
    ]);
    expect(terminal.cursor).toEqual({ row: 2, column: 17 });
  });

  test('what had begun to stream before is kept above it', async () => {
    screen.begin('Assistant');
    screen.write('Four score ');
    screen.startPrompting();
    screen.write('and seven');
    screen.end();
    expect(terminal.screen).toEqual(['Assistant: Four score and seven', '>']);
  });

  test('the cursor stays where it was within the line', async () => {
    screen.startPrompting();
    await type('abcdef');
    await type('\u001b[D\u001b[D');
    screen.line('news');
    expect(terminal.screen).toEqual(['news', '> abcdef']);
    expect(terminal.cursor).toEqual({ row: 1, column: 6 });
    await type('X');
    expect(terminal.screen).toEqual(['news', '> abcdXef']);
  });

  test('a line longer than the window is put back whole', async () => {
    screen.startPrompting();
    const long = 'a line that is clearly longer than the window is wide';
    await type(long);
    screen.begin('Ada');
    screen.write('one two ');
    screen.write('three ');
    screen.end();
    screen.line('and done');
    expect(terminal.screen).toEqual([
      'Ada: one two three',
      'and done',
      `> ${long}`.slice(0, 40),
      `> ${long}`.slice(40),
    ]);
    await type('!');
    expect(terminal.screen.at(-1)).toBe(`${`> ${long}`.slice(40)}!`);
  });

  test('a message with line breaks keeps them, and the prompt stays below', async () => {
    screen.startPrompting();
    screen.begin('Ada');
    screen.write('list:\n  - one\n  - two\n');
    expect(terminal.screen).toEqual(['Ada: list:', '  - one', '  - two', '>']);
    screen.write('end');
    screen.end();
    expect(terminal.screen).toEqual(['Ada: list:', '  - one', '  - two', 'end', '>']);
  });

  test('what is entered is taken away, to come back as a message', async () => {
    const entered: string[] = [];
    prompt.on('line', (line) => {
      screen.eraseEntered(line);
      prompt.prompt();
      entered.push(line);
    });
    screen.line('before');
    screen.startPrompting();
    await type('a line that is clearly longer than the window is wide\r');
    expect(entered).toHaveLength(1);
    expect(terminal.screen).toEqual(['before', '>']);
    screen.begin('Ada');
    screen.write(entered[0] ?? '');
    screen.end();
    expect(terminal.screen).toEqual(['before', 'Ada: a line that is clearly longer than', 'the window is wide', '>']);
  });

  test('wide characters and words longer than the window do not shift the prompt', async () => {
    screen.startPrompting();
    screen.begin('Ada');
    screen.write('https://example.com/a/very/long/address/without/any/space ');
    screen.write('and more');
    screen.end();
    expect(terminal.screen).toEqual([
      'Ada: https://example.com/a/very/long/ad',
      'dress/without/any/space and more',
      '>',
    ]);
  });

  test('when it is over, no prompt is left', () => {
    screen.startPrompting();
    screen.line('bye');
    screen.stopPrompting();
    expect(terminal.screen).toEqual(['bye']);
  });
});
