import { describe, expect, it } from 'vitest';
import type { ToolCallPart } from '#core/model/model.port';
import { callTool, type LiveTool } from './live-tool.ts';

const tool = (run: LiveTool['run']): LiveTool => ({
  declaration: { name: 'clock', description: 'The time.', parameters: { type: 'object' } },
  run,
});
const call: ToolCallPart = { type: 'tool_call', id: 'call-1', name: 'clock', args: { of: 'Oslo' } };
const never = () => new Promise<never>(() => {});
const ask = (run: LiveTool['run'] | null, signal = new AbortController().signal) =>
  callTool(new Map(run ? [['clock', tool(run)]] : []), call, signal, 50);

describe('a tool that a live model calls', () => {
  it('is given its arguments, and its result goes back under the id of the call', async () => {
    const answer = await ask(async ({ of }) => ({ time: `12:00 in ${String(of)}` }));
    expect(answer).toEqual({ type: 'tool_result', id: 'call-1', name: 'clock', result: { time: '12:00 in Oslo' } });
  });

  it.each([
    ['is not there', null, 'There is no tool called clock.'],
    ['fails', () => Promise.reject(new Error('a secret')), 'The tool failed.'],
    ['takes too long', never, 'The tool took too long.'],
    ['says too much', async () => 'x'.repeat(30_000), 'The result is too large.'],
  ] as [string, LiveTool['run'] | null, string][])(
    'that %s is an error which the model can read',
    async (_, run, result) => {
      expect(await ask(run)).toEqual({ type: 'tool_result', id: 'call-1', name: 'clock', result, isError: true });
    },
  );

  it('is told to stop where the model no longer waits', async () => {
    const abort = new AbortController();
    let stopped = false;
    const asked = ask((_, signal) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
      abort.abort();
      return never();
    }, abort.signal);
    expect(await asked).toMatchObject({ isError: true });
    expect(stopped).toBe(true);
  });
});
