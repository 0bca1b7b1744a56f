import type { Logger } from '#core/log';
import type { Viewer } from '#core/viewer';
import { schemaFault } from './json-schema.ts';
import type { Tool, ToolSource } from './tool.port.ts';

/** A source of tools among others. */
export interface NamedSource {
  /** For logs: `built-in`, `mcp:github`. */
  id: string;
  /**
   * Stands before the names of its tools as `github_create_issue`, so that what an agent calls a tool does not depend on
   * which other sources there are. Null for tools that keep their bare names.
   */
  namespace: string | null;
  source: ToolSource;
}

/** How long a source may take to say what it has, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Names that every model provider takes. */
const TOOL_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;

/**
 * Several sources as one. Of two tools of one name that of the earlier source is kept, so that nothing that is plugged in
 * takes the place of what is built in. A tool that no model could call is left out. A source that fails or is slow takes
 * nothing but its own tools along.
 */
export class ToolRegistry implements ToolSource {
  constructor(
    private readonly sources: readonly NamedSource[],
    private readonly log: Logger,
  ) {}

  find(names: readonly string[], viewer: Viewer): Promise<Tool[]> {
    return this.merge(({ source, namespace }) => {
      const own = names.flatMap((name) => bareName(name, namespace) ?? []);
      return own.length > 0 ? source.find(own, viewer) : Promise.resolve([]);
    });
  }

  list(viewer: Viewer): Promise<Tool[]> {
    return this.merge(({ source }) => source.list(viewer));
  }

  private async merge(ask: (source: NamedSource) => Promise<Tool[]>): Promise<Tool[]> {
    const answers = await Promise.all(this.sources.map((source) => this.answerOf(source, ask)));
    const taken = new Map<string, Tool>();
    this.sources.forEach(({ id, namespace }, i) => {
      for (const tool of answers[i] ?? []) {
        const named = namespace === null ? tool : renamed(tool, `${namespace}_${tool.name}`);
        const fault = faultOf(named, taken);
        if (fault) this.log.warn({ source: id, tool: named.name, fault }, 'a tool is left out');
        else taken.set(named.name, named);
      }
    });
    return [...taken.values()];
  }

  private async answerOf(source: NamedSource, ask: (source: NamedSource) => Promise<Tool[]>): Promise<Tool[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('It did not answer in time.')), ANSWER_TIMEOUT_MS);
    });
    try {
      return await Promise.race([ask(source), late]);
    } catch (error) {
      this.log.warn({ err: error, source: source.id }, 'a source of tools failed');
      return [];
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a source itself calls the tool of this name; null where it is none of its own. */
function bareName(name: string, namespace: string | null): string | null {
  if (namespace === null) return name;
  const prefix = `${namespace}_`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : null;
}

function faultOf(tool: Tool, taken: ReadonlyMap<string, Tool>): string | null {
  if (!TOOL_NAME.test(tool.name)) return 'no model takes such a name';
  return taken.has(tool.name) ? 'another tool has this name' : schemaFault(tool.parameters);
}

/** Asks the tool itself, since it may be an instance of a class. */
const renamed = (tool: Tool, name: string): Tool => ({
  name,
  title: tool.title,
  description: tool.description,
  parameters: tool.parameters,
  effect: tool.effect,
  needsApproval: tool.needsApproval ?? false,
  timeoutMs: tool.timeoutMs,
  maxResultCharacters: tool.maxResultCharacters,
  run: (args, context) => tool.run(args, context),
});
