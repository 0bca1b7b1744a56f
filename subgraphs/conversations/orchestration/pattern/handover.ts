import type { HandoffTeam } from '#core/agent/team-definition';
import type { ToolCallPart, ToolResultPart } from '#core/model/model.port';
import type { Delegate, Exits } from '../delegate.ts';
import type { Team } from './team.ts';

/** A pair of agents may hand the conversation back and forth so often. */
const MAX_BOUNCES = 2;

/** The nodes that have had the conversation in this run, in order. */
export type Trail = string[];

/** The edges out of the node that has the conversation, as ways for its agent to hand it over. */
export interface Handover extends Exits {
  /** Where it went, and why; null while it stays. */
  readonly to: { node: string; reason: string } | null;
}

/** Opens the edges out of the last node of a trail. Each limit is the team's. */
export async function openHandover(team: Team, flow: HandoffTeam, trail: Trail): Promise<Handover> {
  const from = trail.at(-1) as string;
  let to: Handover['to'] = null;
  const delegates = await Promise.all(
    flow.edges
      .filter((edge) => edge.from === from)
      .map(async ({ to: node, description }): Promise<Delegate> => {
        const target = await team.scope.roster.find(team.node(node).agentId, team.node(node).version);
        const what = description ?? target?.description ?? '';
        return {
          name: `hand_to_${node}`,
          description: `Hands the conversation to ${target?.name ?? node}. ${what}`.trim(),
          parameters: { type: 'object', properties: { reason: { type: 'string' } } },
          async run(call: ToolCallPart): Promise<ToolResultPart> {
            const result = { type: 'tool_result' as const, id: call.id, name: call.name };
            const refuse = (message: string) => ({
              ...result,
              result: { error: 'NOT_HANDED_OVER', message },
              isError: true,
            });
            if (to) return refuse('You have already handed the conversation over.');
            if (!target) return refuse(`${node} cannot answer now: answer yourself, or hand over to another.`);
            if (bounces(trail, from, node) >= MAX_BOUNCES) {
              return refuse('You two have handed it back and forth: answer now, or hand over to another.');
            }
            team.allowance.take('maxHandoffs');
            to = { node, reason: String(call.args.reason ?? '') };
            return { ...result, result: `${target.name} goes on.` };
          },
        };
      }),
  );
  return {
    delegates,
    isTaken: () => to !== null,
    get to() {
      return to;
    },
  };
}

/** How often the conversation has gone from `from` to `to` and back. */
export function bounces(trail: readonly string[], from: string, to: string): number {
  let count = 0;
  for (let index = 2; index < trail.length; index += 1) {
    if (trail[index] === from && trail[index - 1] === to && trail[index - 2] === from) count += 1;
  }
  return count;
}
