import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, drain, only, user } from './drain.fixture.ts';
import { SUBJECTS } from './emulator.fixture.ts';
import type { ModelChunk, ModelProvider, ModelRequest } from './model.port.ts';
import { streamWithRetry } from './retry.ts';

const LONG = 'The quick brown fox jumps over the lazy dog, again and again.';
const CALL = { name: 'look_up', args: { city: 'Oslo', days: 3, deep: { list: [1, 'two', null] } } };

describe.each(SUBJECTS)('$name', (subject) => {
  let provider: ModelProvider;

  beforeAll(async () => {
    provider = await subject.start();
  });
  afterAll(() => subject.stop());

  /** Usage comes before the end, the end comes last, and each comes once. */
  function expectOrdered(chunks: ModelChunk[]) {
    expect(only(chunks, 'end')).toHaveLength(1);
    expect(only(chunks, 'usage')).toHaveLength(1);
    expect(chunks.slice(-2).map((chunk) => chunk.type)).toEqual(['usage', 'end']);
  }

  it('streams text in pieces that make up the answer', async () => {
    const { chunks, text, error } = await ask(provider, subject.script({ text: LONG }));
    expect(error).toBeUndefined();
    if (subject.isOffline) expect(text.endsWith(LONG)).toBe(true);
    else expect(text).toBe(LONG);
    expect(only(chunks, 'text').length).toBeGreaterThan(5);
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'STOP' });
    expectOrdered(chunks);
  });

  it('reports counts that add up, with the raw object beside them', async () => {
    const { chunks } = await ask(provider, subject.script({ text: LONG }));
    const [counted] = only(chunks, 'usage');
    expect(counted?.usage.raw).toBeTypeOf('object');
    const { inputTokens = -1, toolUseInputTokens = 0, outputTokens = 0, thinkingTokens = 0 } = counted?.usage ?? {};
    expect(counted?.usage.totalTokens).toBe(inputTokens + toolUseInputTokens + outputTokens + thinkingTokens);
  });

  it('gives a tool call whole, with an id', async () => {
    const { chunks, error } = await ask(provider, subject.script({ calls: [CALL] }));
    expect(error).toBeUndefined();
    expect(only(chunks, 'tool_call')).toEqual([{ type: 'tool_call', id: expect.stringMatching(/.+/), ...CALL }]);
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'TOOL_CALLS' });
    expectOrdered(chunks);
  });

  it.skipIf(subject.isOffline)('gives parallel tool calls in order, after the text', async () => {
    const calls = [CALL, { name: 'add', args: {} }, { name: 'look_up', args: { city: 'Rome' } }];
    const { chunks, text } = await ask(provider, subject.script({ text: 'One moment.', calls }));
    expect(text).toBe('One moment.');
    const called = only(chunks, 'tool_call');
    expect(called.map(({ name, args }) => ({ name, args }))).toEqual(calls);
    expect(new Set(called.map(({ id }) => id)).size).toBe(3);
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'TOOL_CALLS' });
  });

  it('keeps thinking apart from the answer', async () => {
    const { chunks, text, thinking } = await ask(provider, subject.script({ text: LONG, thinking: 'Let me see.' }));
    expect(thinking).not.toBe('');
    if (!subject.isOffline) expect(thinking).toBe('Let me see.');
    expect(text).not.toContain(thinking);
    expect(chunks[0]?.type).toBe('thinking');
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'STOP' });
  });

  it('goes on after a tool has answered', async () => {
    const request = subject.script({ calls: [CALL] });
    const first = await ask(provider, request);
    const calls = only(first.chunks, 'tool_call');
    const rawParts = only(first.chunks, 'end')[0]?.rawParts;
    const next = subject.script({ text: 'It rains.' });
    const turns: ModelRequest['turns'] = [
      ...next.turns,
      { role: 'model', parts: calls, ...(rawParts && { rawParts }) },
      { role: 'tool', parts: calls.map(({ id, name }) => ({ type: 'tool_result', id, name, result: 'It rains.' })) },
    ];
    const second = await ask(provider, { ...next, turns });
    expect(second.error).toBeUndefined();
    expect(second.text).toContain('It rains.');
  });

  it('takes an image', async () => {
    const request = subject.script({ text: 'A dot.' });
    const data = Buffer.from('not really a picture').toString('base64');
    request.turns[0]?.parts.push({ type: 'image', mimeType: 'image/png', data });
    const { error, text } = await ask(provider, request);
    expect(error).toBeUndefined();
    if (subject.isOffline) expect(text).toContain('image/png with 20 bytes');
  });

  it('keeps streams that run at once apart', async () => {
    const answers = ['alpha', 'beta', 'gamma', 'delta'].map((word) => `${word} `.repeat(20).trim());
    const streams = answers.map((text) => ask(provider, subject.script({ text })));
    const texts = (await Promise.all(streams)).map(({ text }) => text);
    for (const [index, answer] of answers.entries()) expect(texts[index]?.endsWith(answer)).toBe(true);
  });

  it('stops when it is aborted, and says so', async () => {
    const controller = new AbortController();
    const abortAfterFirst = (async function* () {
      for await (const chunk of provider.stream(subject.script({ text: LONG }), { signal: controller.signal })) {
        yield chunk;
        controller.abort();
      }
    })();
    const { error, chunks } = await drain(abortAfterFirst);
    expect(error).toMatchObject({ code: 'MODEL_CANCELLED', retryable: false });
    expect(chunks).toHaveLength(1);
  });

  it('can be left in the middle and asked again', async () => {
    const request = subject.script({ text: LONG });
    for await (const chunk of provider.stream(request, { signal: new AbortController().signal })) {
      expect(chunk.type).toBe('text');
      break;
    }
    const { text } = await ask(provider, request);
    expect(text).toContain(LONG);
  });

  it('streams the same through retries', async () => {
    const { text, error } = await drain(
      streamWithRetry(provider, subject.script({ text: LONG }), { signal: new AbortController().signal }),
    );
    expect(error).toBeUndefined();
    expect(text).toContain(LONG);
  });

  it('does not know a model that does not exist', async () => {
    const request = { ...subject.script({ text: LONG }), model: 'no-such-model' };
    // An emulator that was told nothing knows nothing.
    subject.forget();
    const { error } = await ask(provider, { ...request, turns: [user('unheard of')] });
    expect(error).toMatchObject({ code: 'MODEL_NOT_FOUND', retryable: false });
    expect(error?.message).toContain('no-such-model');
  });
});
