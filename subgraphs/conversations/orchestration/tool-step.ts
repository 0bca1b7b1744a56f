import type { ApprovalRule } from '#core/agent/tool-grant';
import { evaluateCondition } from '#core/condition/condition';
import type { JsonObject, JsonValue, ToolCallPart, ToolResultPart } from '#core/model/model.port';
import { callTool, checkArguments } from '#core/tool/call-tool';
import { type Tool, ToolError } from '#core/tool/tool.port';
import type { Approval } from '#prisma/generated/client';
import { toldOf } from '../guard/speech-guard.ts';
import { ruleOnToolCall } from '../rule/tool-rule.ts';
import { RunFailure } from '../run/run-failure.ts';
import type { GrantedTool } from '../tool/tool-grant.ts';
import { withoutLogins } from '../tool/without-login.ts';
import { INTERRUPTED, interruption } from './interruption.ts';
import { StepFailure } from './run-signal.ts';
import type { StepRecord } from './step.ts';
import type { Visit } from './visit.ts';

/**
 * Calls a tool as a step and returns what the model is told of it. A tool that fails is something for the model to deal
 * with; only what stops the whole run is thrown.
 */
export async function runTool(
  visit: Visit,
  granted: GrantedTool | undefined,
  call: ToolCallPart,
  key: string,
): Promise<ToolResultPart> {
  const { agent, allowance, scope, path, stepId } = visit;
  allowance.take('maxSteps');
  allowance.take('maxToolCalls');
  const spec = {
    key: path + key,
    parentId: stepId,
    kind: 'TOOL' as const,
    name: call.name,
    effect: granted?.tool.effect ?? null,
    agent: { id: agent.id, version: agent.version },
    depth: allowance.depth,
    input: withoutLogins(call.args),
  };
  const once = granted?.tool.effect === 'ONCE';
  try {
    const output = await scope.journal.step(
      spec,
      async (step, known) => {
        if (!granted) throw new ToolError('UNKNOWN_TOOL', `There is no tool ${call.name}.`);
        if (once && known?.state === 'RUNNING') throw interruption(call.name);
        const args = await approvedArguments(visit, granted, call.args, step, key);
        const begun = scope.journal.begin(step);
        // What only reads can be read again: nothing has to be stored before it.
        if (granted.tool.effect === 'NONE') begun.catch(() => {});
        else await begun;
        const context = {
          viewer: scope.viewer,
          conversationId: scope.run.conversationId,
          runId: scope.run.id,
          stepId: step.id,
          agent: { id: agent.id, name: agent.name },
          idempotencyKey: step.id,
          signal: visit.signal,
        };
        const result = await callTool(granted.tool, args, context, allowance.bound('stepTimeoutMs'));
        const guard = await scope.output.guard(agent);
        return { output: guard ? guard.redact(result) : result, decision: toldOf(guard) };
      },
      { beginsItself: true, whenRoom: allowance.room(visit.signal) },
    );
    return { type: 'tool_result', id: call.id, name: call.name, result: output };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    if (error.error.code === INTERRUPTED) throw new RunFailure(INTERRUPTED, error.message, true);
    const result: JsonValue = { error: error.error.code, message: error.message };
    return { type: 'tool_result', id: call.id, name: call.name, result, isError: true };
  }
}

/** The arguments that the call may be made with, once whoever has to agree has agreed. @throws Suspended, ToolError */
async function approvedArguments(
  visit: Visit,
  { tool, approval }: GrantedTool,
  args: JsonObject,
  step: StepRecord,
  place: string,
): Promise<JsonObject> {
  const { journal } = visit.scope;
  const asked = journal.approvalOf(step.id);
  if (!asked) {
    checkArguments(tool, args);
    const ruled = await ruleOnToolCall(visit, place, tool.name, args);
    const wanted = ruled ?? (approval && (await isNeeded(approval, visit, tool, args)) ? approval : null);
    if (!wanted) return args;
    return journal.ask(step, {
      kind: 'TOOL_CALL',
      agentId: visit.agent.id,
      subject: tool.name,
      arguments: args,
      requiredRole: wanted.role,
      expiresAt: new Date(Date.now() + wanted.expiresInSeconds * 1_000),
      onExpiry: wanted.onExpiry === 'APPROVE' ? 'APPROVED' : 'REJECTED',
    });
  }
  const edited = decisionOf(visit, asked, step).editedArguments as JsonObject | null;
  // Whoever allows a call does not allow what a rule forbids.
  if (edited) await ruleOnToolCall(visit, `${place}/edited`, tool.name, edited);
  return edited ?? args;
}

/** @throws Suspended while nobody has decided, ToolError where it was refused */
function decisionOf({ scope: { journal } }: Visit, asked: Approval, step: StepRecord): Approval {
  if (asked.state === 'PENDING') return journal.wait(step, asked);
  if (asked.state === 'APPROVED') return asked;
  const why = asked.reason ? ` The reason given: ${asked.reason}` : '';
  const refusal = asked.decidedById ? 'A person did not allow this call.' : 'Nobody allowed this call in time.';
  throw new ToolError('REFUSED', `${refusal}${why}`);
}

/** An expression that cannot be evaluated asks a person: closed, not open. */
async function isNeeded(rule: ApprovalRule, visit: Visit, tool: Tool, args: JsonObject): Promise<boolean> {
  if (rule.rule === 'ALWAYS') return true;
  if (rule.rule === 'NEVER' || rule.condition === null) return false;
  const input = visit.input.kind === 'ROOM' ? await visit.scope.room.triggerText() : visit.input.text;
  try {
    return evaluateCondition(rule.condition, { args, tool: tool.name, agent: visit.agent.name, input });
  } catch {
    return true;
  }
}
