import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '#core/model/model.port';
import { callTool } from './call-tool.ts';
import { contextOf, toolOf } from './tool.fixture.ts';
import { type Tool, ToolError } from './tool.port.ts';

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const failureOf = (tool: Tool, args: JsonObject = {}, context = contextOf(), limitMs?: number) =>
  callTool(tool, args, context, limitMs).then(
    (result) => {
      throw new Error(`It succeeded: ${JSON.stringify(result)}`);
    },
    (error: unknown) => error,
  );

describe('the arguments', () => {
  it('reach the tool as they are', async () => {
    expect(await callTool(toolOf({ parameters: CITY }), { city: 'Rome' }, contextOf())).toEqual({ city: 'Rome' });
  });

  it.each<[JsonObject, string]>([
    [{}, "The value must have required property 'city'."],
    [{ city: 1 }, 'city must be string.'],
    [{ city: 'Rome', days: 1 }, 'The value must not have days.'],
  ])('are refused where they do not fit, before the tool is run: %j', async (args, message) => {
    let runs = 0;
    const tool = toolOf({ parameters: CITY, run: async () => ++runs });
    const error = await failureOf(tool, args);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS', message, retryable: false });
    expect(runs).toBe(0);
  });
});

describe('the result', () => {
  it.each<[string, unknown, JsonValue]>([
    ['nothing is null', undefined, null],
    ['dates are texts', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['holes are left out', { a: undefined, b: 1 }, { b: 1 }],
    ['what is no number is null', [Number.NaN], [null]],
    ['what cannot be stored is replaced', { 'a\0': 'b\0c\ud800' }, { 'a\ufffd': 'b\ufffdc\ufffd' }],
  ])('is JSON that can be stored: %s', async (_, result, stored) => {
    const tool = toolOf({ run: async () => result as JsonValue });
    expect(await callTool(tool, {}, contextOf())).toEqual(stored);
  });

  it('is cut where it is long', async () => {
    const tool = toolOf({ run: async () => 'x'.repeat(5_000) });
    const result = await callTool(tool, {}, contextOf());
    expect(result).toMatch(/^x{900,}\n\[cut: \d{3} of 5,000 characters are shown\]$/);
  });
});

describe('a tool that does not end', () => {
  const hanging = (part: Partial<Tool> = {}) => {
    const seen: { signal?: AbortSignal } = {};
    const tool = toolOf({
      timeoutMs: 30,
      run: async (_, { signal }) => {
        seen.signal = signal;
        return new Promise(() => {});
      },
      ...part,
    });
    return { tool, seen };
  };

  it('is left at its time-out, or at the caller’s, and told', async () => {
    for (const [timeoutMs, limitMs] of [
      [30, 60_000],
      [60_000, 30],
    ] as const) {
      const { tool, seen } = hanging({ timeoutMs });
      const error = await failureOf(tool, {}, contextOf(), limitMs);
      expect(error).toMatchObject({ code: 'TIMED_OUT', retryable: true, message: 'The tool took longer than 0.03 s.' });
      expect(seen.signal?.aborted).toBe(true);
    }
  });

  it('is not to be called again where that could do twice what is to be done once', async () => {
    const error = await failureOf(hanging({ effect: 'ONCE' }).tool);
    expect(error).toMatchObject({
      code: 'TIMED_OUT',
      retryable: false,
      message: expect.stringContaining('may have taken effect'),
    });
  });

  it('is left when the caller aborts, with the caller’s reason', async () => {
    const { tool, seen } = hanging({ timeoutMs: 60_000 });
    const caller = new AbortController();
    const failure = failureOf(tool, {}, contextOf({ signal: caller.signal }));
    await wait(5);
    caller.abort(new Error('The run was cancelled.'));
    expect(await failure).toMatchObject({ message: 'The run was cancelled.' });
    expect(seen.signal?.aborted).toBe(true);
  });

  it('is not begun when the caller has aborted before', async () => {
    const { tool, seen } = hanging();
    const signal = AbortSignal.abort(new Error('Over.'));
    expect(await failureOf(tool, {}, contextOf({ signal }))).toMatchObject({ message: 'Over.' });
    expect(seen.signal).toBeUndefined();
  });

  it('may fail later without anybody to hear it', async () => {
    const tool = toolOf({
      timeoutMs: 5,
      run: async () => {
        await wait(15);
        throw new Error('Too late.');
      },
    });
    expect(await failureOf(tool)).toMatchObject({ code: 'TIMED_OUT' });
    await wait(20);
  });

  it('holds up no other', async () => {
    const tool = toolOf({
      run: async (args) => {
        await wait(Number(args.ms));
        return args.ms ?? null;
      },
    });
    const calls = [20, 1, 10].map((ms) => callTool(tool, { ms }, contextOf()));
    expect(await Promise.all(calls)).toEqual([20, 1, 10]);
  });
});

it('what a tool throws is thrown, also before its first await', async () => {
  const error = new ToolError('READ_ONLY', 'The block is read-only.');
  const tool = toolOf({
    run: () => {
      throw error;
    },
  });
  expect(await failureOf(tool)).toBe(error);
});
