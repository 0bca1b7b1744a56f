import type { Tool, ToolSource } from '#core/tool/tool.port';
import { currentTime } from './current-time.ts';

/** The tools that every installation has. */
export class BuiltInTools implements ToolSource {
  private readonly tools: ReadonlyMap<string, Tool>;

  constructor(tools: readonly Tool[] = [currentTime]) {
    this.tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  async find(names: readonly string[]): Promise<Tool[]> {
    return [...new Set(names)].flatMap((name) => this.tools.get(name) ?? []);
  }

  async list(): Promise<Tool[]> {
    return [...this.tools.values()];
  }
}
