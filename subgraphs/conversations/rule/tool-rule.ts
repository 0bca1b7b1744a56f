import type { JsonObject } from '#core/model/model.port';
import { evaluateWithJudge } from '#core/rule/evaluate-rules';
import type { RuleActionOf } from '#core/rule/rule-action';
import { actionsOf } from '#core/rule/rule-decision';
import { ToolError } from '#core/tool/tool.port';
import type { Visit } from '../orchestration/visit.ts';
import { judgeOf } from './judge.ts';

/**
 * Asks the rules about a call of a tool, before it is made.
 * @param place Of the call in the run, below the visit's own place.
 * @returns How a person has to be asked first; null where nobody has to be, as far as rules are concerned.
 * @throws ToolError `RULE_BLOCKED` with what the rule says, for the model
 */
export async function ruleOnToolCall(
  visit: Visit,
  place: string,
  tool: string,
  args: JsonObject,
): Promise<RuleActionOf<'REQUIRE_APPROVAL'> | null> {
  const {
    agent,
    scope: { rules },
  } = visit;
  const set = await rules.set();
  if (!set.has('TOOL_CALL')) return null;
  const facts = { ...(await rules.factsOf(agent)), tool, args };
  const call = JSON.stringify({ tool, arguments: args });
  const decision = await evaluateWithJudge(set, 'TOOL_CALL', facts, judgeOf(visit, `${place}/judge`, call));
  await rules.keep(decision, { agentId: agent.id, tool });
  const [block] = actionsOf(decision, 'BLOCK');
  if (block) throw new ToolError('RULE_BLOCKED', `A rule does not allow this call: ${block.action.message}`);
  return actionsOf(decision, 'REQUIRE_APPROVAL')[0]?.action ?? null;
}
