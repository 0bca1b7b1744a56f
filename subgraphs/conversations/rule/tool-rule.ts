import type { RunnableAgent } from '#core/agent/runnable-agent';
import type { JsonObject } from '#core/model/model.port';
import { evaluateRules } from '#core/rule/evaluate-rules';
import type { RuleActionOf } from '#core/rule/rule-action';
import { actionsOf } from '#core/rule/rule-decision';
import { ToolError } from '#core/tool/tool.port';
import type { RunRules } from './run-rules.ts';

/** A call that a model wants to make. */
export interface WantedCall {
  agent: Pick<RunnableAgent, 'id' | 'name'>;
  tool: string;
  args: JsonObject;
}

/**
 * Asks the rules about a call of a tool, before it is made.
 * @returns How a person has to be asked first; null where nobody has to be, as far as rules are concerned.
 * @throws ToolError `RULE_BLOCKED` with what the rule says, for the model
 */
export async function ruleOnToolCall(
  rules: RunRules,
  { agent, tool, args }: WantedCall,
): Promise<RuleActionOf<'REQUIRE_APPROVAL'> | null> {
  const set = await rules.set();
  if (!set.has('TOOL_CALL')) return null;
  const decision = evaluateRules(set, 'TOOL_CALL', { ...(await rules.factsOf(agent)), tool, args });
  await rules.keep(decision, { agentId: agent.id, tool });
  const [block] = actionsOf(decision, 'BLOCK');
  if (block) throw new ToolError('RULE_BLOCKED', `A rule does not allow this call: ${block.action.message}`);
  return actionsOf(decision, 'REQUIRE_APPROVAL')[0]?.action ?? null;
}
