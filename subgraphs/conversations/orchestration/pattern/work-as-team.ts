import type { TeamDefinition } from '#core/agent/team-definition';
import { RunFailure } from '../../run/run-failure.ts';
import { inForm, inputTurns } from '../answer.ts';
import type { Visit, VisitOutput } from '../visit.ts';
import { groupChat } from './group-chat.ts';
import { handoff } from './handoff.ts';
import { loop } from './loop.ts';
import { parallel } from './parallel.ts';
import { router } from './router.ts';
import { sequential } from './sequential.ts';
import { supervisor } from './supervisor.ts';
import type { Team } from './team.ts';

/** Lets a team work by its pattern. Where its answer has to be of a form, its own model brings what came of it into that. */
export async function workAsTeam(visit: Visit, team: TeamDefinition): Promise<VisitOutput> {
  // A supervisor's answer is its model's own.
  if (!visit.agent.outputSchema || team.flow.pattern === 'SUPERVISOR') return byPattern(visit, team);
  // What has to be of a form is shown once it is.
  const { text } = await byPattern({ ...visit, speaker: null }, team);
  return inForm(visit, await inputTurns(visit), text);
}

function byPattern(visit: Visit, { nodes, flow }: TeamDefinition): Promise<VisitOutput> {
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
