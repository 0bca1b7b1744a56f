import { describe, expect, it } from 'vitest';
import { ask, only, user } from './drain.fixture.ts';
import type { ModelRequest, ModelTurn, ToolDeclaration } from './model.port.ts';
import { OfflineProvider } from './offline.provider.ts';
import { OFFLINE_INTRODUCTION } from './offline-answer.ts';
import { calculate, findExpression } from './offline-arithmetic.ts';
import { toTokens } from './offline-token.ts';

const provider = new OfflineProvider({ tokenDelayMs: 0, now: () => new Date('2026-11-22T20:46:35Z') });
const introduced: ModelTurn = { role: 'model', parts: [{ type: 'text', text: OFFLINE_INTRODUCTION }] };

/** Asks as the next line of a conversation in which it has introduced itself. */
const say = (text: string, more: Partial<ModelRequest> = {}, before: ModelTurn[] = []) =>
  ask(provider, { model: 'parley', turns: [...before, introduced, user(text)], ...more });

const tool = (name: string, properties: object, required: string[] = []): ToolDeclaration => ({
  name,
  description: name,
  parameters: { type: 'object', properties, required },
});
const CALCULATOR = tool('calculator', { expression: { type: 'string' } }, ['expression']);
const CLOCK = tool('clock', { timeZone: { type: 'string' } });
const WEATHER = tool('get_weather', { city: { enum: ['Oslo', 'Rome'] }, days: { type: 'integer', minimum: 1 } });

describe('what it says', () => {
  it('first says what it is, and then no more', async () => {
    const first = await ask(provider, { model: 'parley', turns: [user('Hello')] });
    expect(first.text).toBe(`${OFFLINE_INTRODUCTION}Hello! How can I help?`);
    expect(first.text).toContain('not a language model');
    expect((await say('Hello')).text).toBe('Hello! How can I help?');
  });

  it.each([
    ["Hi, I'm Ada", 'Hello, Ada! How can I help?'],
    ['Ada: hello everybody', 'Hello, Ada! How can I help?'],
    ['My name is grace', 'Hello, Grace! How can I help?'],
    ['Say: good night', 'good night'],
    ['How many words: one two three', 'That has 3 words.'],
    ['What is 2 + 3 * 4?', '2 + 3 * 4 = 14'],
    ['What time is it?', 'The clock of this server says 2026-11-22T20:46:35.000Z (UTC).'],
    ['The sky is green', 'You said: "The sky is green"'],
    ['count to 5', '1, 2, 3, 4, 5'],
    ['Summarise', '1 message so far.\nThe agent: '],
    ['use tool rm with {}', 'I am not offered a tool called rm. The tools that I am offered: none.'],
  ])('%s -> %s', async (prompt, answer) => {
    const { text, error } = await say(prompt);
    expect(error).toBeUndefined();
    expect(text.slice(0, answer.length)).toBe(answer);
  });

  it('remembers what was said', async () => {
    const before = [user('I am Ada'), introduced, user('The budget is 40 euros')];
    expect((await say('What is my name?', {}, before)).text).toBe('Your name is Ada.');
    expect((await say('Count the words', {}, before)).text).toBe('Your message before this one has 5 words.');
    expect((await say('Please summarize', {}, before)).text).toContain('You: The budget is 40 euros');
  });

  it('streams at length, in order and without a gap', async () => {
    const { text, chunks } = await say('write 300 words');
    expect(text.split(' ')).toHaveLength(300);
    expect(only(chunks, 'text').length).toBeGreaterThanOrEqual(300);
    const numbers = (await say('count to 200')).text.split(', ').map(Number);
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it('thinks when it is told to', async () => {
    const { thinking, text } = await say('think: what is 6 * 7?');
    expect(thinking).toContain('what is 6 * 7?');
    expect(text).toBe('6 * 7 = 42');
  });

  it('describes attachments without pretending to see', async () => {
    const data = Buffer.alloc(1234).toString('base64');
    const turn: ModelTurn = { role: 'user', parts: [{ type: 'image', mimeType: 'image/png', data }] };
    const { text } = await ask(provider, { model: 'parley', turns: [introduced, turn] });
    expect(text).toBe('I see an attachment of the type image/png with 1234 bytes; I cannot look inside.');
  });

  it('answers in JSON where a schema asks for it', async () => {
    const responseSchema = {
      type: 'object',
      properties: {
        agent: { enum: ['billing', 'tech_support'] },
        confidence: { type: 'number', maximum: 1 },
        done: { type: 'boolean' },
        feedback: { $ref: '#/$defs/Text' },
        tags: { type: 'array', items: { type: 'string' }, minItems: 1 },
      },
      $defs: { Text: { type: 'string', maxLength: 4 } },
    };
    const { text } = await say('Ask tech support about 7 things', { responseSchema });
    expect(JSON.parse(text)).toEqual({
      agent: 'tech_support',
      confidence: 1,
      done: true,
      feedback: 'Ask ',
      tags: ['Ask tech support about 7 things'],
    });
  });
});

describe('the tools that it calls', () => {
  it.each([
    ['use tool get_weather with {"city":"Rome","days":2}', 'get_weather', { city: 'Rome', days: 2 }],
    ['What is (2 + 3) × 4?', 'calculator', { expression: '(2 + 3) * 4' }],
    ["What's the time?", 'clock', {}],
    ['Please get weather for Rome', 'get_weather', { city: 'Rome', days: 1 }],
  ])('%s', async (prompt, name, args) => {
    const { chunks, text } = await say(prompt, { tools: [WEATHER, CALCULATOR, CLOCK] });
    expect(only(chunks, 'tool_call')).toMatchObject([{ name, args }]);
    expect(text).toBe('');
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'TOOL_CALLS' });
  });

  it('calls none where it must not, and some where it must', async () => {
    const tools = [WEATHER];
    const none = await say('use tool get_weather', { tools, toolChoice: 'NONE' });
    expect(only(none.chunks, 'tool_call')).toEqual([]);
    const some = await say('Hello', { tools, toolChoice: 'REQUIRED' });
    expect(only(some.chunks, 'tool_call')).toHaveLength(1);
  });

  it('reports what they answered', async () => {
    const results: ModelTurn = {
      role: 'tool',
      parts: [
        { type: 'tool_result', id: '1', name: 'clock', result: { now: 'noon' } },
        { type: 'tool_result', id: '2', name: 'calculator', result: 'overflow', isError: true },
      ],
    };
    const { text } = await ask(provider, { model: 'parley', turns: [introduced, user('Both!'), results] });
    expect(text).toBe('The tool clock answered: {"now":"noon"}\nThe tool calculator failed: overflow');
  });
});

describe('how it counts', () => {
  it('counts its own tokens, which are the chunks that it streams', async () => {
    const { chunks } = await say('think and count to 50');
    const [counted] = only(chunks, 'usage');
    expect(counted?.usage).toMatchObject({
      outputTokens: only(chunks, 'text').length,
      thinkingTokens: only(chunks, 'thinking').length,
    });
  });

  it('stops at the limit of output tokens', async () => {
    const { chunks } = await say('count to 50', { maxOutputTokens: 7 });
    expect(only(chunks, 'text')).toHaveLength(7);
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'MAX_TOKENS' });
  });

  it('loses nothing between its tokens', () => {
    const text = '  Grüße, 世界!\n\n1.5 × “два”…\t🙂 end \n';
    expect(toTokens(text).join('')).toBe(text);
  });
});

describe('its arithmetic', () => {
  it.each([
    ['2 + 3 * 4', 14],
    ['(2 + 3) * 4', 20],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['10 - 4 - 3', 3],
    ['7 % 4 / 2', 1.5],
    ['1 / 0', undefined],
    ['(1 + 2', undefined],
    ['2 +', undefined],
    ['process.exit()', undefined],
  ])('%s = %s', (expression, value) => {
    expect(calculate(expression)).toBe(value);
  });

  it.each([
    ['what is 1,000 x 3?', '1000 * 3'],
    ['on 2026-11-22 we met', undefined],
    ['call 10.0.0.1 now', undefined],
    ['I have 3 cats', undefined],
    ['a max of 3 x 4 - agreed', '3 * 4'],
    ['50% of it, or 2 + 2.', '2 + 2'],
  ])('%s holds %s', (text, expression) => {
    expect(findExpression(text)).toBe(expression);
  });

  it('takes no longer than the text deserves', async () => {
    for (const prompt of ['1'.repeat(100_000), '('.repeat(100_000), '1+'.repeat(50_000), ' '.repeat(100_000)]) {
      const { error } = await say(`${prompt}!`);
      expect(error).toBeUndefined();
    }
    const items = { $ref: '#' };
    const { text } = await say('Hi', { responseSchema: { type: 'array', minItems: 1e9, items } });
    expect(text.length).toBeLessThan(100_000);
  });
});
