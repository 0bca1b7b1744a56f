import type { TeamDefinition } from '#core/agent/team-definition';
import { RunFailure } from '../../run/run-failure.ts';
import type { Visit, VisitOutput } from '../visit.ts';
import { groupChat } from './group-chat.ts';
import { handoff } from './handoff.ts';
import { loop } from './loop.ts';
import { parallel } from './parallel.ts';
import { router } from './router.ts';
import { sequential } from './sequential.ts';
import { supervisor } from './supervisor.ts';
import type { Team } from './team.ts';

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
