import type { TeamDefinition, TeamNode } from '#core/agent/team-definition';
import { RunFailure } from '../../run/run-failure.ts';
import type { Visit, VisitInput, VisitOutput } from '../visit.ts';
import { groupChat } from './group-chat.ts';
import { handoff } from './handoff.ts';
import { loop } from './loop.ts';
import { parallel } from './parallel.ts';
import { router } from './router.ts';
import { sequential } from './sequential.ts';
import { supervisor } from './supervisor.ts';

/** A team at work: the visit of its agent, with the nodes by their keys. */
export interface Team extends Visit {
  readonly nodes: readonly TeamNode[];
  /** @throws RunFailure where the team has no such node, which checked definitions do not have. */
  node(key: string): TeamNode;
}

/** Lets a team work by its pattern. */
export function workAsTeam(visit: Visit, { nodes, flow }: TeamDefinition): Promise<VisitOutput> {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const team: Team = {
    ...visit,
    nodes,
    node(key) {
      const node = byKey.get(key);
      if (!node) throw new RunFailure('TEAM_INVALID', `${visit.agent.name} has no node ${key}.`, false);
      return node;
    },
  };
  switch (flow.pattern) {
    case 'SEQUENTIAL':
      return sequential(team, flow);
    case 'SUPERVISOR':
      return supervisor(team);
    case 'HANDOFF':
      return handoff(team, flow);
    case 'PARALLEL':
      return parallel(team, flow);
    case 'ROUTER':
      return router(team, flow);
    case 'LOOP':
      return loop(team, flow);
    case 'GROUP_CHAT':
      return groupChat(team, flow);
  }
}

/** What the team was given, as text. */
export const inputText = ({ input, scope }: Visit): Promise<string> =>
  input.kind === 'TEXT' ? Promise.resolve(input.text) : scope.room.triggerText();

export const textInput = (text: string): VisitInput => ({ kind: 'TEXT', text });

/** Says at once what nobody has said as it came. */
export function sayAll({ speaker }: Visit, output: VisitOutput): VisitOutput {
  speaker?.begin();
  speaker?.say('text', output.text);
  return output;
}
