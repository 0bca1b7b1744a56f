import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GEMINI } from './dialect.fixture.ts';
import { drain, user } from './drain.fixture.ts';
import { FaultServer, type Play, refuse, stream } from './fault-server.fixture.ts';
import type { ModelProvider } from './model.port.ts';
import { backoffMs, DEFAULT_RETRY_POLICY, type RetryNotice, type RetryOptions, streamWithRetry } from './retry.ts';

describe('backoffMs', () => {
  const policy = { attempts: 9, baseDelayMs: 100, maxDelayMs: 1_000, maxRetryAfterMs: 5_000 };
  it.each([
    { attempt: 1, random: 0, retryAfter: undefined, expected: 0 },
    { attempt: 1, random: 0.5, retryAfter: undefined, expected: 50 },
    { attempt: 1, random: 0.999, retryAfter: undefined, expected: 99 },
    { attempt: 2, random: 0.5, retryAfter: undefined, expected: 100 },
    { attempt: 4, random: 0.5, retryAfter: undefined, expected: 400 },
    { attempt: 5, random: 0.5, retryAfter: undefined, expected: 500 },
    { attempt: 50, random: 0.5, retryAfter: undefined, expected: 500 },
    { attempt: 1, random: 0.5, retryAfter: 0, expected: 0 },
    { attempt: 1, random: 0.5, retryAfter: 3_000, expected: 3_000 },
    { attempt: 4, random: 0.5, retryAfter: 60_000, expected: 5_000 },
  ])('attempt $attempt, random $random, Retry-After $retryAfter: $expected ms', (row) => {
    expect(backoffMs(row.attempt, policy, row.random, row.retryAfter)).toBe(row.expected);
  });
});

describe('streamWithRetry', () => {
  const server = new FaultServer();
  let provider: ModelProvider;
  const request = { model: GEMINI.model, turns: [user('Hi.')] };
  const policy = { ...DEFAULT_RETRY_POLICY, baseDelayMs: 1 };

  beforeAll(async () => {
    await server.start();
    provider = GEMINI.makeProvider(server.url);
  });
  afterAll(async () => {
    await provider.close?.();
    await server.stop();
  });

  const good = stream(GEMINI.text('Yes.') + GEMINI.finish('STOP'));
  const fail = (status: number, headers = {}) => refuse(status, GEMINI.refusal(status, 'no'), headers);
  const inTurn = (...plays: Play[]): Play => {
    let at = 0;
    return (response, wire) => (plays[at++] ?? fail(500))(response, wire);
  };
  const run = async (play: Play, options: Partial<RetryOptions> = {}) => {
    const notices: RetryNotice[] = [];
    server.play(play);
    const signal = new AbortController().signal;
    const onRetry = (notice: RetryNotice) => notices.push(notice);
    const drained = await drain(streamWithRetry(provider, request, { signal, policy, onRetry, ...options }));
    return { ...drained, notices };
  };

  it('tries again until it is answered, and tells of each failure', async () => {
    const { text, error, notices } = await run(inTurn(fail(503), fail(429, { 'retry-after': '0' }), good));
    expect(error).toBeUndefined();
    expect(text).toBe('Yes.');
    expect(notices.map(({ attempt, error: { code } }) => [attempt, code])).toEqual([
      [1, 'MODEL_OVERLOADED'],
      [2, 'MODEL_RATE_LIMITED'],
    ]);
    expect(notices[1]?.delayMs).toBe(0);
  });

  it('gives up after the last attempt with the last error', async () => {
    const { error } = await run(inTurn(fail(500), fail(500), fail(429), good));
    expect(error?.code).toBe('MODEL_RATE_LIMITED');
    expect(server.requests).toHaveLength(3);
  });

  it('does not repeat what cannot succeed', async () => {
    const { error, notices } = await run(inTurn(fail(400), good));
    expect(error?.code).toBe('MODEL_INVALID_REQUEST');
    expect(notices).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['text', GEMINI.text('Ye')],
    ['thinking', GEMINI.thinking('Hm')],
    ['a tool call', GEMINI.calls([{ id: '1', name: 'add', args: {} }])],
  ])('does not repeat once %s was shown', async (_, shown) => {
    const { error, chunks } = await run(inTurn(stream(shown), good));
    expect(error?.code).toBe('MODEL_TRUNCATED');
    expect(chunks).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  it('repeats what ended before anything was shown, and reports what it had cost', async () => {
    const { text, notices } = await run(inTurn(stream(GEMINI.finish('STOP', GEMINI.usage.raw)), good));
    expect(text).toBe('Yes.');
    expect(notices[0]?.error.usage).toMatchObject(GEMINI.usage.counts);
  });

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const { error } = await run(fail(429, { 'retry-after': '30' }), {
      signal: controller.signal,
      onRetry: () => controller.abort(),
    });
    expect(error?.code).toBe('MODEL_CANCELLED');
    expect(server.requests).toHaveLength(1);
  });
});
