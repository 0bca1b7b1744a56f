import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DIALECTS, GEMINI, OPENAI } from './dialect.fixture.ts';
import { ask, only, user } from './drain.fixture.ts';
import { FaultServer, refuse, stream } from './fault-server.fixture.ts';
import type { ModelProvider, ModelRequest } from './model.port.ts';
import { OpenAiProvider } from './openai.provider.ts';

const server = new FaultServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

/** The body of the newest request, loosely typed: it is what the tests look into. */
const sent = () => server.requests.at(-1)?.body ?? {};
const wait = { signal: new AbortController().signal };

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOL = { name: 'look_up', description: 'Looks a city up.', parameters: SCHEMA };

describe.each(DIALECTS)('what $name reads and writes', (dialect) => {
  let provider: ModelProvider;
  const request: ModelRequest = { model: dialect.model, turns: [user('Hi.')] };
  beforeAll(() => {
    provider = dialect.makeProvider(server.url);
  });
  beforeEach(() => server.play(stream(dialect.text('Yes.') + dialect.finish('STOP'))));
  afterAll(() => provider.close?.());

  it('counts as the provider does: cached, thinking and tool-use tokens apart, raw object verbatim', async () => {
    server.play(stream(dialect.text('Yes.') + dialect.finish('STOP', dialect.usage.raw)));
    const { chunks } = await ask(provider, request);
    const { raw, counts, details } = dialect.usage;
    expect(only(chunks, 'usage').map(({ usage }) => usage)).toEqual([{ ...counts, details, raw }]);
  });

  it('streams without counts where the server gives none', async () => {
    const { chunks, error } = await ask(provider, request);
    expect(error).toBeUndefined();
    expect(chunks.map(({ type }) => type)).toEqual(['text', 'end']);
  });

  it('ends at the token limit, and says so', async () => {
    server.play(stream(dialect.text('Yes, but') + dialect.finish('MAX_TOKENS')));
    const { chunks } = await ask(provider, { ...request, maxOutputTokens: 2 });
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'MAX_TOKENS' });
  });

  it('puts a call together that comes in pieces, next to others', async () => {
    const calls = [
      { id: 'a', name: 'look_up', args: { city: 'Oslo "north"' } },
      { id: 'b', name: 'look_up', args: {} },
    ];
    server.play(stream(dialect.calls(calls) + dialect.finish('STOP')));
    const { chunks } = await ask(provider, request);
    expect(only(chunks, 'tool_call')).toEqual(calls.map((call) => ({ type: 'tool_call', ...call })));
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'TOOL_CALLS' });
  });

  it('sends the key in a header alone, and the request id', async () => {
    await ask(provider, request, { requestId: 'req-7' });
    const [seen] = server.requests;
    expect(seen?.headers['x-request-id']).toBe('req-7');
    expect(JSON.stringify(seen?.headers)).toContain(dialect.key);
    expect(seen?.path).not.toContain(dialect.key);
    expect(JSON.stringify(seen?.body)).not.toContain(dialect.key);
  });

  it('sends a picture byte for byte', async () => {
    const image = { type: 'image' as const, mimeType: 'image/png', data: PIXEL };
    await ask(provider, { ...request, turns: [{ role: 'user', parts: [{ type: 'text', text: 'See:' }, image] }] });
    expect(JSON.stringify(sent())).toContain(PIXEL);
    expect(JSON.stringify(sent())).toContain('image/png');
  });

  it('sends a document byte for byte, under its type', async () => {
    const document = { type: 'document' as const, mimeType: 'application/pdf', data: 'JVBERi0=', fileName: 'plan.pdf' };
    await ask(provider, { ...request, turns: [{ role: 'user', parts: [document, { type: 'text', text: 'Read.' }] }] });
    expect(JSON.stringify(sent())).toContain('JVBERi0=');
    expect(JSON.stringify(sent())).toContain('application/pdf');
  });

  it('uses one connection for calls that follow one another', async () => {
    await ask(provider, request);
    const before = server.connections;
    await ask(provider, request);
    await ask(provider, request);
    expect(server.connections).toBe(before);
  });
});

describe('what goes to Gemini', () => {
  let provider: ModelProvider;
  beforeAll(() => {
    provider = GEMINI.makeProvider(server.url);
  });
  afterAll(() => provider.close?.());

  it('is all that the request says', async () => {
    server.play(stream(GEMINI.text('{}') + GEMINI.finish('STOP')));
    await ask(provider, {
      model: GEMINI.model,
      system: 'Be brief.',
      turns: [user('Hi.')],
      tools: [TOOL],
      toolChoice: 'REQUIRED',
      temperature: 0,
      maxOutputTokens: 99,
      thinking: { include: true, budgetTokens: 64 },
      responseSchema: SCHEMA,
      safety: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_ONLY_HIGH' }],
    });
    expect(server.requests[0]?.path).toBe('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
    expect(sent()).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi.' }] }],
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      tools: [
        { functionDeclarations: [{ name: 'look_up', description: 'Looks a city up.', parametersJsonSchema: SCHEMA }] },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_ONLY_HIGH' }],
      generationConfig: {
        temperature: 0,
        maxOutputTokens: 99,
        thinkingConfig: { includeThoughts: true, thinkingBudget: 64 },
        responseMimeType: 'application/json',
        responseJsonSchema: SCHEMA,
      },
    });
  });

  it('is its own turn, verbatim, with every thoughtSignature', async () => {
    const signed = { functionCall: { name: 'look_up', args: { city: 'Oslo' } }, thoughtSignature: 'c2lnbmVk' };
    const closing = { text: '', thoughtSignature: 'bGFzdA==' };
    const parts = [{ text: 'Let me ', thought: true }, { text: 'see.', thought: true }, { text: 'One ' }];
    const event = (part: unknown) =>
      `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [part] } }] })}\n\n`;
    server.play(stream([...parts, { text: 'moment.' }, signed, closing].map(event).join('') + GEMINI.finish('STOP')));
    const first = await ask(provider, { model: GEMINI.model, turns: [user('Weather?')], tools: [TOOL] });
    const [call] = only(first.chunks, 'tool_call');
    const rawParts = only(first.chunks, 'end')[0]?.rawParts;
    if (!call || !rawParts) throw new Error('Gemini called no tool.');

    await ask(provider, {
      model: GEMINI.model,
      tools: [TOOL],
      turns: [
        user('Weather?'),
        { role: 'model', parts: [call], rawParts: structuredClone(rawParts) },
        {
          role: 'tool',
          parts: [{ type: 'tool_result', id: call.id, name: call.name, result: 'down', isError: true }],
        },
      ],
    });
    expect(sent().contents).toEqual([
      { role: 'user', parts: [{ text: 'Weather?' }] },
      {
        role: 'model',
        parts: [{ text: 'Let me see.', thought: true }, { text: 'One moment.' }, signed, closing],
      },
      // Gemini gave the call no id, so it gets none back.
      { role: 'user', parts: [{ functionResponse: { name: 'look_up', response: { error: 'down' } } }] },
    ]);
  });

  it("is a neutral turn where another provider's was kept", async () => {
    server.play(stream(GEMINI.text('Yes.') + GEMINI.finish('STOP')));
    const parts = [{ type: 'text' as const, text: 'Before.' }];
    const rawParts = { provider: 'openai', parts: [{ role: 'assistant', content: 'Before.' }] };
    await ask(provider, {
      model: GEMINI.model,
      turns: [user('Hi.'), { role: 'model', parts, rawParts }, user('And?')],
    });
    expect(sent().contents).toContainEqual({ role: 'model', parts: [{ text: 'Before.' }] });
  });

  it("reads Google's own word for the wait and for a bad key", async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' }];
    server.play(refuse(429, { error: { code: 429, message: 'Quota', status: 'RESOURCE_EXHAUSTED', details } }));
    const request = { model: GEMINI.model, turns: [user('Hi.')] };
    expect((await ask(provider, request)).error).toMatchObject({ retryAfterMs: 34_500 });
    const reasons = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
    server.play(refuse(400, { error: { code: 400, message: 'No', status: 'INVALID_ARGUMENT', details: reasons } }));
    expect((await ask(provider, request)).error).toMatchObject({ code: 'MODEL_AUTHENTICATION' });
  });

  it('is sent once, even where the server offers to go on', async () => {
    const parts = [{ text: 'Part one' }];
    const offer = { candidates: [{ content: { role: 'model', parts }, continuationToken: 'next' }] };
    server.play(stream(`data: ${JSON.stringify(offer)}\n\n`));
    const { error } = await ask(provider, { model: GEMINI.model, turns: [user('Hi.')] });
    expect(error).toMatchObject({ code: 'MODEL_TRUNCATED' });
    expect(server.requests).toHaveLength(1);
  });

  it('gives pictures that the model made', async () => {
    const inlineData = { mimeType: 'image/png', data: PIXEL };
    const made = { candidates: [{ content: { parts: [{ inlineData }] }, finishReason: 'STOP' }] };
    server.play(stream(`data: ${JSON.stringify(made)}\n\n`));
    const { chunks } = await ask(provider, { model: 'gemini-2.5-flash-image', turns: [user('Draw.')] });
    expect(chunks[0]).toEqual({ type: 'image', ...inlineData });
  });

  it('lists what can chat or has a Live API', async () => {
    const models = [
      {
        name: 'models/gemini-2.5-flash',
        displayName: 'Gemini 2.5 Flash',
        inputTokenLimit: 1048576,
        supportedGenerationMethods: ['generateContent', 'countTokens'],
        thinking: true,
      },
      { name: 'models/gemini-live', supportedGenerationMethods: ['bidiGenerateContent'] },
      { name: 'models/embedding-001', supportedGenerationMethods: ['embedContent'] },
    ];
    server.play(refuse(200, { models }));
    const listed = await provider.listModels(wait.signal);
    expect(listed.map(({ id, capabilities }) => [id, capabilities.chat, capabilities.live])).toEqual([
      ['gemini/gemini-2.5-flash', true, false],
      ['gemini/gemini-live', false, true],
    ]);
    expect(listed[0]).toMatchObject({ label: 'Gemini 2.5 Flash', inputTokenLimit: 1048576 });
    expect(listed[0]?.capabilities.thinking).toBe(true);
  });
});

describe('what goes to a server that speaks chat completions', () => {
  let provider: ModelProvider;
  beforeAll(() => {
    provider = OPENAI.makeProvider(server.url);
  });
  afterAll(() => provider.close?.());

  it('is all that the request says', async () => {
    server.play(stream(OPENAI.text('{}') + OPENAI.finish('STOP')));
    await ask(provider, {
      model: OPENAI.model,
      system: 'Be brief.',
      turns: [user('Hi.')],
      tools: [TOOL],
      toolChoice: 'REQUIRED',
      temperature: 0,
      maxOutputTokens: 99,
      thinking: { effort: 'LOW' },
      responseSchema: SCHEMA,
    });
    expect(server.requests[0]?.path).toBe('/v1/chat/completions');
    expect(sent()).toEqual({
      model: 'gpt-4.1-mini',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi.' },
      ],
      tools: [{ type: 'function', function: TOOL }],
      tool_choice: 'required',
      temperature: 0,
      max_tokens: 99,
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA, strict: false } },
    });
    await ask(provider, { model: 'o4-mini', turns: [user('Hi.')], maxOutputTokens: 5 });
    expect(sent()).toMatchObject({ max_completion_tokens: 5 });
  });

  it('is its own turn with what the server added to a call, then the results', async () => {
    const extra = { extra_content: { google: { thought_signature: 'c2lnbmVk' } } };
    const tool = { index: 0, id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{}' }, ...extra };
    const chunk = { choices: [{ index: 0, delta: { tool_calls: [tool] }, finish_reason: null }] };
    server.play(stream(`data: ${JSON.stringify(chunk)}\n\n${OPENAI.finish('STOP')}`));
    const first = await ask(provider, { model: OPENAI.model, turns: [user('Weather?')], tools: [TOOL] });
    const rawParts = only(first.chunks, 'end')[0]?.rawParts;
    if (!rawParts) throw new Error('The server gave no answer to keep.');

    const result = { type: 'tool_result' as const, id: 'call_1', name: 'look_up', result: { sky: 'grey' } };
    await ask(provider, {
      model: OPENAI.model,
      turns: [
        user('Weather?'),
        { role: 'model', parts: [], rawParts },
        { role: 'tool', parts: [result, { ...result, id: 'call_2', result: 'down', isError: true }] },
      ],
    });
    expect(sent().messages).toEqual([
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{}' }, ...extra }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"grey"}' },
      { role: 'tool', tool_call_id: 'call_2', content: 'Error: down' },
    ]);
  });

  it('needs no key, and reads parallel calls that all have the index 0', async () => {
    const keyless = new OpenAiProvider({ baseUrl: `${server.url}/v1` });
    const call = (id: string) => ({
      index: 0,
      id,
      type: 'function',
      function: { name: 'add', arguments: `{"n":${id}}` },
    });
    const chunk = { choices: [{ index: 0, delta: { tool_calls: [call('1'), call('2')] }, finish_reason: 'stop' }] };
    server.play(stream(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`));
    const { chunks } = await ask(keyless, { model: 'llama3.2', turns: [user('Add.')] });
    expect(only(chunks, 'tool_call').map(({ args }) => args)).toEqual([{ n: 1 }, { n: 2 }]);
    await keyless.close();
  });

  it('drops a call that the token limit cut off, and refuses one that is no JSON', async () => {
    const half = { index: 0, id: 'a', type: 'function', function: { name: 'add', arguments: '{"n":' } };
    const chunk = (finish: string, content = '') =>
      stream(
        `data: ${JSON.stringify({ choices: [{ delta: { content, tool_calls: [half] }, finish_reason: finish }] })}\n\n`,
      );
    const request = { model: OPENAI.model, turns: [user('Add.')] };
    server.play(chunk('length', 'I will'));
    const cut = await ask(provider, request);
    expect(cut.chunks.map(({ type }) => type)).toEqual(['text', 'end']);
    server.play(chunk('tool_calls'));
    expect((await ask(provider, request)).error).toMatchObject({ code: 'MODEL_BAD_RESPONSE' });
  });

  it('names the setting or the reason where the server does', async () => {
    const request = { model: OPENAI.model, turns: [user('Hi.')] };
    const error = { message: 'No.', type: 'invalid_request_error', param: 'temperature', code: 'unsupported_value' };
    server.play(refuse(400, { error }));
    expect((await ask(provider, request)).error?.message).toContain('It does not accept "temperature".');
    server.play(refuse(400, { error: { ...error, param: 'messages', code: 'context_length_exceeded' } }));
    expect((await ask(provider, request)).error?.message).toContain('too long');
    server.play(refuse(429, { error: { message: 'No.', type: 'insufficient_quota', code: 'insufficient_quota' } }));
    expect((await ask(provider, request)).error).toMatchObject({ code: 'MODEL_RATE_LIMITED', retryable: false });
  });

  it('refuses an attachment that chat completions cannot carry', async () => {
    server.play(stream(OPENAI.text('Yes.') + OPENAI.finish('STOP')));
    const part = { type: 'image' as const, mimeType: 'application/pdf', data: 'JVBERi0=' };
    const { error } = await ask(provider, { model: OPENAI.model, turns: [{ role: 'user', parts: [part] }] });
    expect(error).toMatchObject({ code: 'MODEL_INVALID_REQUEST' });
    expect(server.requests).toHaveLength(0);
  });

  it('lists what can chat', async () => {
    const data = ['gpt-4.1-mini', 'text-embedding-3-small', 'whisper-1', 'llama3.2'].map((id) => ({ id }));
    server.play(refuse(200, { object: 'list', data }));
    const listed = await provider.listModels(wait.signal);
    expect(listed.map(({ id }) => id)).toEqual(['openai/gpt-4.1-mini', 'openai/llama3.2']);
    expect(listed.map(({ capabilities }) => capabilities.images)).toEqual([true, false]);
  });
});
