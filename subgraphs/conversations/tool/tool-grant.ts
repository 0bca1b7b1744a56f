import { type ApprovalRule, DEFAULT_APPROVAL } from '#core/agent/tool-grant';
import type { Tool } from '#core/tool/tool.port';

/** A tool that an agent was given, with the rule for its approval; null where no call of it needs any. */
export interface GrantedTool {
  tool: Tool;
  approval: ApprovalRule | null;
}

/** @param ruled What the agent's definition says of approval; null where it leaves that to the tool. */
export const grantOf = (tool: Tool, ruled: ApprovalRule | null): GrantedTool => ({
  tool,
  approval: ruled ?? (tool.needsApproval ? DEFAULT_APPROVAL : null),
});
