import { describe, expect, it, vi } from 'vitest';
import { createLog } from '#core/log';
import { callTool } from './call-tool.ts';
import { contextOf, toolOf } from './tool.fixture.ts';
import type { Tool, ToolSource } from './tool.port.ts';
import { type NamedSource, ToolRegistry } from './tool-registry.ts';

const log = createLog({ level: 'silent', pretty: false });
const { viewer } = contextOf();

const sourceOf = (tools: Tool[]): ToolSource => ({
  find: async (names) => tools.filter((tool) => names.includes(tool.name)),
  list: async () => tools,
});
const named = (id: string, names: string[], namespace: string | null = null): NamedSource => ({
  id,
  namespace,
  source: sourceOf(names.map((name) => toolOf({ name, run: async () => id }))),
});
const namesOf = (tools: Tool[]) => tools.map(({ name }) => name);
const answerOf = (tool: Tool | undefined) => tool && callTool(tool, {}, contextOf());

describe('a registry', () => {
  it('puts the tools of its sources together, in their order', async () => {
    const registry = new ToolRegistry([named('a', ['one', 'two']), named('b', ['three'])], log);
    expect(namesOf(await registry.list(viewer))).toEqual(['one', 'two', 'three']);
    expect(namesOf(await registry.find(['three', 'one', 'four'], viewer))).toEqual(['one', 'three']);
  });

  it('lets nothing take the place of an earlier tool', async () => {
    const registry = new ToolRegistry([named('ours', ['fetch_url']), named('theirs', ['fetch_url', 'other'])], log);
    expect(namesOf(await registry.list(viewer))).toEqual(['fetch_url', 'other']);
    const [tool] = await registry.find(['fetch_url'], viewer);
    expect(await answerOf(tool)).toBe('ours');
  });

  it('puts the namespace of a source before the names of its tools, and asks it by its own', async () => {
    class Greeting implements Tool {
      readonly name = 'greet';
      readonly title = 'Greet';
      readonly description = 'Greets.';
      readonly parameters = { type: 'object' };
      readonly effect = 'NONE';
      readonly timeoutMs = 1_000;
      readonly maxResultCharacters = 100;
      private readonly words = 'Hello.';
      async run() {
        return this.words;
      }
    }
    const source = { id: 'mcp:x', namespace: 'x', source: sourceOf([new Greeting()]) };
    const registry = new ToolRegistry([named('ours', ['greet']), source], log);
    expect(namesOf(await registry.list(viewer))).toEqual(['greet', 'x_greet']);
    const [tool] = await registry.find(['x_greet'], viewer);
    expect(await answerOf(tool)).toBe('Hello.');
    expect(namesOf(await registry.find(['greet'], viewer))).toEqual(['greet']);
  });

  it.each([
    ['has-dash', { type: 'object' }],
    ['1st', { type: 'object' }],
    ['x'.repeat(65), { type: 'object' }],
    ['broken', { type: 'thing' }],
    ['elsewhere', { $ref: 'https://example.com/x' }],
  ])('leaves out what no model could call: %s', async (name, parameters) => {
    const source = {
      id: 'a',
      namespace: null,
      source: sourceOf([toolOf({ name, parameters }), toolOf({ name: 'fine' })]),
    };
    expect(namesOf(await new ToolRegistry([source], log).list(viewer))).toEqual(['fine']);
  });

  it('goes on without a source that fails', async () => {
    const failing = async () => {
      throw new Error('It is down.');
    };
    const down = { id: 'mcp:down', namespace: 'down', source: { find: failing, list: failing } };
    const registry = new ToolRegistry([down, named('a', ['fine'])], log);
    expect(namesOf(await registry.list(viewer))).toEqual(['fine']);
    expect(namesOf(await registry.find(['down_x', 'fine'], viewer))).toEqual(['fine']);
  });

  it('goes on without a source that does not answer', async () => {
    vi.useFakeTimers();
    try {
      const never = () => new Promise<Tool[]>(() => {});
      const slow = { id: 'mcp:slow', namespace: 'slow', source: { find: never, list: never } };
      const listed = new ToolRegistry([slow, named('a', ['fine'])], log).list(viewer);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(namesOf(await listed)).toEqual(['fine']);
    } finally {
      vi.useRealTimers();
    }
  });
});
