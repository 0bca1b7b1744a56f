import type { JsonObject, JsonValue, ToolCallPart, ToolDeclaration, ToolResultPart } from '#core/model/model.port';

/** A tool as a live session needs it. */
export interface LiveTool {
  declaration: ToolDeclaration;
  /** What it throws becomes an error that the model is told of, without its words. */
  run(args: JsonObject, signal: AbortSignal): Promise<JsonValue>;
}

export type LiveTools = ReadonlyMap<string, LiveTool>;

/** Somebody waits in silence meanwhile. */
const TIMEOUT_MS = 20_000;
/** What goes back to the model, in characters of JSON. */
const MAX_RESULT = 20_000;

/** Calls a tool. Never throws: a model that asks for what there is not is told so, and goes on. */
export async function callTool(
  tools: LiveTools,
  { id, name, args }: ToolCallPart,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<ToolResultPart> {
  const answer = (result: JsonValue, isError = false): ToolResultPart => ({
    type: 'tool_result',
    id,
    name,
    result,
    ...(isError && { isError }),
  });
  const tool = tools.get(name);
  if (!tool) return answer(`There is no tool called ${name}.`, true);
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  // Before the tool runs: one that stops at once would not be heard.
  const stopped = new Promise<never>((_, reject) => {
    either.addEventListener('abort', () => reject(either.reason), { once: true });
  });
  try {
    const result = await Promise.race([tool.run(args, either), stopped]);
    if (JSON.stringify(result).length > MAX_RESULT) return answer('The result is too large.', true);
    return answer(result);
  } catch {
    if (late.aborted) return answer('The tool took too long.', true);
    return answer('The tool failed.', true);
  }
}
