import type { Tool, ToolSource } from '#core/tool/tool.port';

/** The tools that every installation has, and every organization. */
export class BuiltInTools implements ToolSource {
  private readonly tools: ReadonlyMap<string, Tool>;

  constructor(tools: readonly Tool[]) {
    this.tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  async find(names: readonly string[]): Promise<Tool[]> {
    return [...new Set(names)].flatMap((name) => this.tools.get(name) ?? []);
  }

  async list(): Promise<Tool[]> {
    return [...this.tools.values()];
  }
}
