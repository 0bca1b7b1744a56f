import type { JsonObject, JsonValue } from '#core/model/model.port';
import { toStorableJson, toWholeCharacters } from '#core/storable-text';
import { schemaProblems } from './json-schema.ts';
import { type Tool, type ToolContext, ToolError } from './tool.port.ts';

/**
 * Calls a tool: its arguments checked, its time limited, its result cut to what a model is to read.
 * @param limitMs The caller's own limit; the tool's counts where it is shorter.
 * @throws ToolError; the reason of `context.signal` where that was aborted
 */
export async function callTool(
  tool: Tool,
  args: JsonObject,
  context: ToolContext,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<JsonValue> {
  checkArguments(tool, args);
  const ms = Math.min(tool.timeoutMs, limitMs);
  const late = AbortSignal.timeout(ms);
  const signal = AbortSignal.any([context.signal, late]);
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  stopped.catch(() => {});
  try {
    signal.throwIfAborted();
    const result = await Promise.race([tool.run(args, { ...context, signal }), stopped]);
    return cutResult(toStorableJson(result), tool.maxResultCharacters);
  } catch (error) {
    context.signal.throwIfAborted();
    if (late.aborted) throw new ToolError('TIMED_OUT', `The tool took longer than ${ms / 1_000} s.`, true);
    throw error;
  }
}

/** @throws ToolError `INVALID_ARGUMENTS` with what to mend */
export function checkArguments(tool: Tool, args: JsonObject): void {
  const problems = schemaProblems(tool.parameters, args);
  if (problems.length > 0) throw new ToolError('INVALID_ARGUMENTS', problems.join(' '));
}

/** A result that is too long becomes its beginning as text, with a note that says so. */
export function cutResult(result: JsonValue, maxCharacters: number): JsonValue {
  const text = typeof result === 'string' ? result : JSON.stringify(result);
  if (text.length <= maxCharacters) return result;
  const shown = toWholeCharacters(text.slice(0, maxCharacters)).replace(/\ufffd$/, '');
  return `${shown}\n[cut: ${shown.length.toLocaleString('en')} of ${text.length.toLocaleString('en')} characters are shown]`;
}
