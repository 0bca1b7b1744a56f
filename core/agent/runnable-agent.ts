import type { ThinkingOptions } from '#core/model/model.port';
import type { OwnLimits } from './run-limits.ts';
import type { TeamDefinition } from './team-definition.ts';
import type { ToolGrant } from './tool-grant.ts';

/**
 * One version of an agent as it is run: what the subgraph that owns agents hands to the one that lets them work. With a
 * `team`, the model and the instructions are those of whoever leads it.
 */
export interface RunnableAgent {
  id: string;
  name: string;
  description: string;
  version: number;
  instructions: string;
  /** With its provider's prefix or without. */
  model: string;
  temperature: number | null;
  maxOutputTokens: number | null;
  thinking: { effort: ThinkingOptions['effort'] | null; budgetTokens: number | null } | null;
  tools: ToolGrant[];
  /** JSON Schema of the answer; null where it is text. */
  outputSchema: Record<string, unknown> | null;
  limits: OwnLimits;
  team: TeamDefinition | null;
}
