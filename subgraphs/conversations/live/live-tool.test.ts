import { describe, expect, it } from 'vitest';
import { type ApprovalRule, DEFAULT_APPROVAL } from '#core/agent/tool-grant';
import { createMemoryLog } from '#core/job/memory-log.fixture';
import type { JsonObject, ToolCallPart } from '#core/model/model.port';
import { contextOf, toolOf } from '#core/tool/tool.fixture';
import { type Tool, ToolError } from '#core/tool/tool.port';
import { callLiveTool, fitForLive, type LivePlace } from './live-tool.ts';

const { viewer, conversationId, agent } = contextOf();
const place: LivePlace = { sessionId: 'session', turn: 3, viewer, conversationId, agent };
const call: ToolCallPart = { type: 'tool_call', id: 'call-1', name: 'echo', args: { of: 'Oslo' } };
const never = () => new Promise<never>(() => {});
const ruled = (part: Partial<ApprovalRule>): ApprovalRule => ({ ...DEFAULT_APPROVAL, ...part });

const ask = (
  tool: Partial<Tool> | null,
  { approval = null, signal = new AbortController().signal, ...more }: Asked = {},
) => {
  const { log } = createMemoryLog();
  const tools = new Map(tool ? [['echo', { tool: toolOf(tool), approval }]] : []);
  return callLiveTool(tools, more.call ?? call, more.place ?? place, { signal, log, timeoutMs: 50 });
};
interface Asked {
  approval?: ApprovalRule | null;
  signal?: AbortSignal;
  call?: ToolCallPart;
  place?: LivePlace;
}

describe('a tool that a live model calls', () => {
  it('is given its arguments, and its result goes back under the id of the call', async () => {
    const answer = await ask({ run: async ({ of }) => ({ time: `12:00 in ${String(of)}` }) });
    expect(answer).toEqual({ type: 'tool_result', id: 'call-1', name: 'echo', result: { time: '12:00 in Oslo' } });
  });

  it.each<[string, Partial<Tool> | null, Asked, JsonObject]>([
    ['is not there', null, {}, { error: 'UNKNOWN_TOOL', message: 'There is no tool echo.' }],
    [
      'fails',
      { run: () => Promise.reject(new Error('a secret')) },
      {},
      { error: 'TOOL_FAILED', message: 'The tool failed.' },
    ],
    [
      'says why it fails',
      { run: () => Promise.reject(new ToolError('NO_SUCH_CITY', 'There is no such city.')) },
      {},
      { error: 'NO_SUCH_CITY', message: 'There is no such city.' },
    ],
    ['takes too long', { run: never }, {}, { error: 'TIMED_OUT', message: 'The tool took longer than 0.05 s.' }],
    [
      'is called wrongly',
      { parameters: { type: 'object', required: ['from'], properties: { from: { type: 'string' } } } },
      {},
      { error: 'INVALID_ARGUMENTS', message: expect.stringContaining('from') },
    ],
    [
      'needs approval of this call',
      {},
      { approval: ruled({ rule: 'WHEN', condition: 'args.of == "Oslo"' }) },
      { error: 'APPROVAL_NEEDED', message: expect.stringContaining('needs the approval of a person') },
    ],
    [
      'has a condition on what was said, which nobody knows yet',
      {},
      { approval: ruled({ rule: 'WHEN', condition: 'input.contains("pay")' }) },
      { error: 'APPROVAL_NEEDED', message: expect.any(String) },
    ],
    [
      'has a condition that cannot be evaluated',
      {},
      { approval: ruled({ rule: 'WHEN', condition: 'args.nothing.at.all' }) },
      { error: 'APPROVAL_NEEDED', message: expect.any(String) },
    ],
  ])('that %s is an error which the model can read', async (_, tool, options, result) => {
    expect(await ask(tool, options)).toEqual({
      type: 'tool_result',
      id: 'call-1',
      name: 'echo',
      result,
      isError: true,
    });
  });

  it.each<[string, ApprovalRule | null]>([
    ['no rule', null],
    ['a rule that never asks', ruled({ rule: 'NEVER' })],
    ['a condition that is not met', ruled({ rule: 'WHEN', condition: 'args.of == "Bergen"' })],
  ])('is called with %s', async (_, approval) => {
    expect(await ask({}, { approval })).toMatchObject({ result: { of: 'Oslo' } });
  });

  it('is cut where it says too much', async () => {
    const { result } = await ask({ run: async () => 'x'.repeat(30_000) });
    expect(JSON.stringify(result).length).toBeLessThan(2_000);
  });

  it('is told to stop where the model no longer waits', async () => {
    const abort = new AbortController();
    let stopped = false;
    const asked = ask(
      {
        run: (_, { signal }) => {
          signal.addEventListener('abort', () => {
            stopped = true;
          });
          abort.abort();
          return never();
        },
      },
      { signal: abort.signal },
    );
    expect(await asked).toMatchObject({ isError: true });
    expect(stopped).toBe(true);
  });

  it('is the same call where its turn has begun again, and another in every other case', async () => {
    const keys: string[] = [];
    const tool: Partial<Tool> = {
      run: async (_, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        return null;
      },
    };
    await ask(tool);
    await ask(tool, { call: { ...call, id: 'call-2' } });
    await ask(tool, { call: { ...call, args: { of: 'Bergen' } } });
    await ask(tool, { place: { ...place, turn: 4 } });
    await ask(tool, { place: { ...place, sessionId: 'other' } });
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(4);
  });
});

describe('the tools of a live session', () => {
  it.each<[string, Partial<Tool>, ApprovalRule | null, boolean]>([
    ['only reads', {}, null, true],
    ['can be repeated under one key', { effect: 'IDEMPOTENT' }, null, true],
    ['must not be called twice', { effect: 'ONCE' }, null, false],
    ['needs approval at all times', {}, ruled({ rule: 'ALWAYS' }), false],
    ['needs approval at times', {}, ruled({ rule: 'WHEN', condition: 'true' }), true],
    ['needs no approval', {}, ruled({ rule: 'NEVER' }), true],
  ])('one that %s', (_, tool, approval, isThere) => {
    expect(fitForLive([{ tool: toolOf(tool), approval }]).has('echo')).toBe(isThere);
  });
});
