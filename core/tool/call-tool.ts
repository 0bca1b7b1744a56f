import type { JsonObject, JsonValue } from '#core/model/model.port';
import { toStorableJson } from '#core/storable-text';
import { inSpan } from '#core/telemetry/span';
import { cutResult } from './cut-result.ts';
import { schemaProblems } from './json-schema.ts';
import { type Tool, type ToolContext, ToolError } from './tool.port.ts';

/**
 * Calls a tool: its arguments checked, its time limited, its result cut to what a model is to read. Returns in time even
 * where the tool does not heed its signal. Any number of calls may be under way at once.
 * @param limitMs The caller's own limit; the tool's counts where it is shorter.
 * @throws ToolError; the reason of `context.signal` where that was aborted; whatever else the tool throws
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
    const run = () => tool.run(args, { ...context, signal });
    const result = await inSpan(`execute_tool ${tool.name}`, spanOf(tool, context), () =>
      Promise.race([run(), stopped]),
    );
    return cutResult(toJson(result), tool.maxResultCharacters);
  } catch (error) {
    context.signal.throwIfAborted();
    if (late.aborted) throw timedOut(tool, ms);
    throw error;
  }
}

const spanOf = ({ name }: Tool, { agent, stepId }: ToolContext) => ({
  attributes: {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.type': 'function',
    'gen_ai.agent.id': agent.id,
    ...(stepId && { 'parley.step.id': stepId }),
  },
});

/** @throws ToolError `INVALID_ARGUMENTS` with what to mend */
export function checkArguments(tool: Tool, args: JsonObject): void {
  const problems = schemaProblems(tool.parameters, args);
  if (problems.length > 0) throw new ToolError('INVALID_ARGUMENTS', problems.join(' '));
}

function timedOut(tool: Tool, ms: number): ToolError {
  const took = `The tool took longer than ${ms / 1_000} s.`;
  if (tool.effect !== 'ONCE') return new ToolError('TIMED_OUT', took, true);
  return new ToolError(
    'TIMED_OUT',
    `${took} It may have taken effect all the same: find out before you call it again.`,
  );
}

/** What a tool made of its result may hold dates, holes and texts that PostgreSQL does not take. */
function toJson(result: JsonValue): JsonValue {
  const text = JSON.stringify(result);
  return text === undefined ? null : toStorableJson(JSON.parse(text) as JsonValue);
}
