import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, type MockInstance, vi } from 'vitest';
import { DIALECTS, type Dialect } from './dialect.fixture.ts';
import { ask, user } from './drain.fixture.ts';
import {
  FaultServer,
  type Play,
  refuse,
  refusedUrl,
  stream,
  streamThenReset,
  streamThenStall,
} from './fault-server.fixture.ts';
import type { ModelProvider, ModelRequest, StreamOptions } from './model.port.ts';
import type { ModelErrorCode } from './model-error.ts';

interface FaultCase {
  name: string;
  play: (dialect: Dialect) => Play;
  code: ModelErrorCode | ((dialect: Dialect) => ModelErrorCode);
  retryable: boolean;
  /** What was shown before the fault. */
  text?: string;
  options?: Partial<StreamOptions>;
  /** Further facts about the error, as a pattern for `toMatchObject`. */
  details?: (dialect: Dialect) => object;
}

const hello = (dialect: Dialect) => dialect.text('Hello');
/** The provider quotes the key and the prompt back, as some do. */
const quoting = (dialect: Dialect) => `bad key ${dialect.key} for "the secret prompt" at /srv/model.py`;
const refused = (status: number, headers?: Record<string, string>) => (dialect: Dialect) =>
  refuse(status, dialect.refusal(status, quoting(dialect)), headers);
const httpDate = (secondsAhead: number) => new Date(Date.now() + secondsAhead * 1000).toUTCString();

const CASES: FaultCase[] = [
  {
    name: '429 with Retry-After in seconds',
    play: refused(429, { 'retry-after': '7' }),
    code: 'MODEL_RATE_LIMITED',
    retryable: true,
    details: () => ({ retryAfterMs: 7000 }),
  },
  {
    name: '429 with Retry-After as an HTTP date that has passed',
    play: refused(429, { 'retry-after': httpDate(-60) }),
    code: 'MODEL_RATE_LIMITED',
    retryable: true,
    details: () => ({ retryAfterMs: 0 }),
  },
  {
    name: '429 with Retry-After as an HTTP date to come',
    play: refused(429, { 'retry-after': httpDate(3600) }),
    code: 'MODEL_RATE_LIMITED',
    retryable: true,
    details: () => ({ retryAfterMs: expect.toSatisfy((ms: number) => ms > 3_000_000 && ms <= 3_600_000) }),
  },
  { name: '429 without Retry-After', play: refused(429), code: 'MODEL_RATE_LIMITED', retryable: true },
  { name: '500', play: refused(500), code: 'MODEL_OVERLOADED', retryable: true },
  { name: '503', play: refused(503), code: 'MODEL_OVERLOADED', retryable: true },
  {
    name: '502 with a page of HTML that calls itself JSON',
    play: () => (response) => {
      response.writeHead(502, { 'content-type': 'application/json' }).end('<html>Bad gateway</html>');
    },
    code: 'MODEL_OVERLOADED',
    retryable: true,
  },
  { name: '401', play: refused(401), code: 'MODEL_AUTHENTICATION', retryable: false },
  { name: '403', play: refused(403), code: 'MODEL_AUTHENTICATION', retryable: false },
  { name: '404', play: refused(404), code: 'MODEL_NOT_FOUND', retryable: false },
  { name: '400', play: refused(400), code: 'MODEL_INVALID_REQUEST', retryable: false },
  {
    name: 'an error in the middle of the stream',
    play: (dialect) => stream(`${hello(dialect)}data: ${JSON.stringify(dialect.refusal(503, quoting(dialect)))}\n\n`),
    code: 'MODEL_OVERLOADED',
    retryable: true,
    text: 'Hello',
  },
  {
    name: 'a malformed chunk',
    play: (dialect) => stream(`${hello(dialect)}data: {"candidates": [}\n\n${dialect.finish('STOP')}`),
    code: 'MODEL_BAD_RESPONSE',
    retryable: true,
    text: 'Hello',
  },
  {
    name: 'half a chunk, then a clean end',
    play: (dialect) => stream(hello(dialect) + dialect.text('and the rest').slice(0, 25)),
    // OpenAI's SDK drops what stands after the last blank line, so that only the missing end can be seen.
    code: (dialect) => (dialect.name === 'openai' ? 'MODEL_TRUNCATED' : 'MODEL_BAD_RESPONSE'),
    retryable: true,
    text: 'Hello',
  },
  {
    name: 'an early end',
    play: (dialect) => stream(hello(dialect)),
    code: 'MODEL_TRUNCATED',
    retryable: true,
    text: 'Hello',
  },
  { name: 'no event at all', play: () => stream(''), code: 'MODEL_TRUNCATED', retryable: true },
  {
    name: 'a stall',
    play: (dialect) => streamThenStall(hello(dialect)),
    code: 'MODEL_TIMEOUT',
    retryable: true,
    text: 'Hello',
    options: { idleTimeoutMs: 150 },
  },
  {
    name: 'no answer to the request',
    play: () => () => undefined,
    code: 'MODEL_TIMEOUT',
    retryable: true,
    options: { idleTimeoutMs: 150 },
  },
  {
    name: 'more time than the whole call may take',
    play: (dialect) => (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => response.write(dialect.thinking('hm')), 20);
      response.on('close', () => clearInterval(timer));
    },
    code: 'MODEL_TIMEOUT',
    retryable: true,
    options: { idleTimeoutMs: 5_000, totalTimeoutMs: 200 },
  },
  {
    name: 'a reset in the middle of the stream',
    play: (dialect) => streamThenReset(hello(dialect)),
    code: 'MODEL_CONNECTION',
    retryable: true,
    text: 'Hello',
  },
  {
    name: 'a reset before the answer',
    play: () => (response) => response.socket?.resetAndDestroy(),
    code: 'MODEL_CONNECTION',
    retryable: true,
  },
  {
    name: 'a prompt blocked for safety',
    play: ({ blockedPrompt }) =>
      'event' in blockedPrompt ? stream(blockedPrompt.event) : refuse(blockedPrompt.status, blockedPrompt.body),
    code: 'MODEL_BLOCKED',
    retryable: false,
    details: ({ name }) => ({ category: name === 'openai' ? 'content_filter' : 'PROHIBITED_CONTENT' }),
  },
  {
    name: 'an answer blocked for safety',
    play: (dialect) => stream(hello(dialect) + dialect.finish('BLOCKED', dialect.usage.raw)),
    code: 'MODEL_BLOCKED',
    retryable: false,
    text: 'Hello',
    details: ({ name }) => ({
      category: name === 'openai' ? 'content_filter' : 'HARM_CATEGORY_DANGEROUS_CONTENT',
    }),
  },
  {
    name: 'an empty answer, whose counts are kept',
    play: (dialect) => stream(dialect.finish('STOP', dialect.usage.raw)),
    code: 'MODEL_EMPTY',
    retryable: true,
    details: ({ usage }) => ({ usage: { ...usage.counts, raw: usage.raw } }),
  },
  {
    name: 'nothing but thinking up to the token limit',
    play: (dialect) => stream(dialect.thinking('hm') + dialect.finish('MAX_TOKENS')),
    code: 'MODEL_EMPTY',
    retryable: false,
  },
];

describe.each(DIALECTS)('faults of $name', (dialect) => {
  const server = new FaultServer();
  let provider: ModelProvider;
  const request: ModelRequest = { model: dialect.model, turns: [user('the secret prompt')] };

  let printed: MockInstance[] = [];

  beforeAll(async () => {
    // Before the provider is made, for an SDK may keep the functions that it finds.
    printed = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    await server.start();
    provider = dialect.makeProvider(server.url);
  });
  afterEach(() => {
    for (const spy of printed) expect(spy, 'the SDK printed something').not.toHaveBeenCalled();
  });
  afterAll(async () => {
    for (const spy of printed) spy.mockRestore();
    await provider.close?.();
    await server.stop();
  });

  it.each(CASES)('$name', async ({ play, code, retryable, text = '', options, details }) => {
    server.play(play(dialect));
    const drained = await ask(provider, request, options);

    expect(drained.error).toMatchObject({ code: typeof code === 'string' ? code : code(dialect), retryable });
    if (details) expect(drained.error).toMatchObject(details(dialect));
    expect(drained.text).toBe(text);
    expect(server.requests, 'the SDK repeated the request').toHaveLength(1);
    expectReadable(drained.error, dialect);
  });

  it('a refused connection', async () => {
    const nobody = dialect.makeProvider(await refusedUrl());
    const { error } = await ask(nobody, request);
    expect(error).toMatchObject({ code: 'MODEL_CONNECTION', retryable: true });
    expectReadable(error, dialect);
    await nobody.close?.();
  });

  it('takes an answer as complete when the connection breaks after its end', async () => {
    server.play(streamThenReset(hello(dialect) + dialect.finish('STOP').replace('data: [DONE]\n\n', '')));
    const { error, chunks } = await ask(provider, request);
    expect(error).toBeUndefined();
    expect(chunks.at(-1)).toMatchObject({ type: 'end', reason: 'STOP' });
  });

  it.each([
    ['MODEL_TIMEOUT', 'a time-out', { idleTimeoutMs: 100 }],
    ['MODEL_CANCELLED', 'an abort', {}],
  ] as const)('%s closes the connection upstream after %s', async (code, _, options) => {
    server.play(streamThenStall(hello(dialect)));
    const controller = new AbortController();
    const chunks = provider.stream(request, { signal: controller.signal, ...options })[Symbol.asyncIterator]();
    await expect(chunks.next()).resolves.toMatchObject({ value: { type: 'text', text: 'Hello' } });
    expect(server.clientIsThere).toBe(true);
    const left = server.whenClientLeaves();
    const waiting = chunks.next();
    if (code === 'MODEL_CANCELLED') controller.abort();
    await expect(waiting).rejects.toMatchObject({ code });
    await left;
    await expect(chunks.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('closes the connection upstream when the consumer leaves, even while it waits', async () => {
    server.play(streamThenStall(hello(dialect)));
    const chunks = provider.stream(request, { signal: new AbortController().signal })[Symbol.asyncIterator]();
    await chunks.next();
    const left = server.whenClientLeaves();
    const waiting = chunks.next();
    await expect(chunks.return?.()).resolves.toEqual({ done: true, value: undefined });
    await left;
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
  });

  it('sends nothing when it was aborted before it began', async () => {
    server.play(stream(hello(dialect)));
    const { error } = await ask(provider, request, { signal: AbortSignal.abort() });
    expect(error?.code).toBe('MODEL_CANCELLED');
    expect(server.requests).toHaveLength(0);
  });

  it('lists models as a coded error when the list is refused', async () => {
    server.play(refused(401)(dialect));
    const error: unknown = await provider.listModels(new AbortController().signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'MODEL_AUTHENTICATION' });
    expectReadable(error, dialect);
  });
});

/** A sentence for people, and nothing of the key or of the provider's text wherever one may look. */
function expectReadable(error: unknown, { key }: Dialect) {
  const { message, stack = '' } = error as Error;
  expect(message).toMatch(/^[A-Z].*[.]$/);
  expect(message).not.toMatch(/secret prompt|\/srv|[{}]|Error:|status/);
  for (const seen of [message, stack, JSON.stringify(error), inspect(error, { depth: 10, showHidden: true })]) {
    expect(seen).not.toContain(key);
  }
}
