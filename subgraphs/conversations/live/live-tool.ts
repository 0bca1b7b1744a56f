import { createHash } from 'node:crypto';
import { evaluateCondition } from '#core/condition/condition';
import type { Logger } from '#core/log';
import type { JsonValue, ToolCallPart, ToolResultPart } from '#core/model/model.port';
import { callTool } from '#core/tool/call-tool';
import { type ToolContext, ToolError } from '#core/tool/tool.port';
import type { GrantedTool } from '../tool/tool-grant.ts';

/** What the model of a session may call, by name. */
export type LiveTools = ReadonlyMap<string, GrantedTool>;

/** Somebody waits in silence meanwhile. */
const TIMEOUT_MS = 20_000;

/** Where a session calls a tool: all that its context needs, but for what each call has of its own. */
export interface LivePlace extends Omit<ToolContext, 'runId' | 'stepId' | 'idempotencyKey' | 'signal'> {
  sessionId: string;
  turn: number;
}

/**
 * Leaves what a session cannot do: a turn that is lost begins again, with its calls, and nobody is there to allow one while
 * somebody talks. Pure.
 */
export const fitForLive = (granted: readonly GrantedTool[]): LiveTools =>
  new Map(
    granted
      .filter(({ tool, approval }) => tool.effect !== 'ONCE' && approval?.rule !== 'ALWAYS')
      .map((each) => [each.tool.name, each]),
  );

/** Calls a tool. Never throws: the model is told what went wrong, and goes on. */
export async function callLiveTool(
  tools: LiveTools,
  call: ToolCallPart,
  place: LivePlace,
  { signal, log, timeoutMs = TIMEOUT_MS }: { signal: AbortSignal; log: Logger; timeoutMs?: number },
): Promise<ToolResultPart> {
  const { id, name, args } = call;
  const answer = (result: JsonValue, isError = false): ToolResultPart => ({
    type: 'tool_result',
    id,
    name,
    result,
    ...(isError && { isError }),
  });
  const { sessionId, turn, ...context } = place;
  try {
    const granted = tools.get(name);
    if (!granted) throw new ToolError('UNKNOWN_TOOL', `There is no tool ${name}.`);
    if (needsApproval(granted, call, place)) throw notHere(name);
    const whole = { ...context, runId: null, stepId: null, idempotencyKey: keyOf(sessionId, turn, call), signal };
    return answer(await callTool(granted.tool, args, whole, timeoutMs));
  } catch (error) {
    if (error instanceof ToolError) return answer({ error: error.code, message: error.message }, true);
    if (!signal.aborted)
      log.warn({ err: error, tool: name, liveSessionId: sessionId }, 'a tool of a live session failed');
    return answer({ error: 'TOOL_FAILED', message: 'The tool failed.' }, true);
  }
}

const notHere = (name: string) =>
  new ToolError(
    'APPROVAL_NEEDED',
    `This call of ${name} needs the approval of a person, which cannot be waited for while somebody talks: it can be asked for in writing.`,
  );

/** A turn that is lost begins again, and its calls come under other ids: the same thing asked for in it is the same call. */
const keyOf = (sessionId: string, turn: number, { name, args }: ToolCallPart): string =>
  `${sessionId}/${turn}/${createHash('sha256')
    .update(JSON.stringify([name, args]))
    .digest('base64url')}`;

/** A condition that cannot be evaluated asks a person: closed, not open. */
function needsApproval({ approval }: GrantedTool, { name, args }: ToolCallPart, { agent }: LivePlace): boolean {
  if (!approval || approval.rule === 'NEVER') return false;
  if (approval.rule === 'ALWAYS' || approval.condition === null) return true;
  try {
    // What was said is known only once its turn has ended: a condition that asks for `input` cannot be evaluated.
    return evaluateCondition(approval.condition, { args, tool: name, agent: agent.name });
  } catch {
    return true;
  }
}
