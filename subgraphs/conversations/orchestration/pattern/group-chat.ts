import type { GroupChatTeam, TeamNode } from '#core/agent/team-definition';
import { textOf } from '../../run/ask-model.ts';
import { callModel } from '../model-step.ts';
import type { NodeOutput } from '../node-work.ts';
import { StepFailure } from '../run-signal.ts';
import type { VisitOutput } from '../visit.ts';
import { type Floor, openFloor } from './chat-floor.ts';
import { nextSpeaker, type Turn } from './next-speaker.ts';
import { sayAll, type Team } from './team.ts';

/**
 * Agents speak one after another before everybody, each turn a message of its own; below another pattern, among
 * themselves. A manager picks who is next; nobody has two turns in a row. It ends with its rounds, when the manager says
 * so, or when a person has written.
 */
export async function groupChat(team: Team, flow: GroupChatTeam): Promise<VisitOutput> {
  const floor = await openFloor(team);
  const turns: Turn[] = [];
  while (turns.length < flow.maxRounds * team.nodes.length) {
    const next = await nextSpeaker(team, { flow, floor, turns });
    if (!next) break;
    turns.push({ node: next.key, output: await speak(team, floor, next, turns.length) });
  }
  const last = turns.findLast(({ output }) => output !== null)?.output;
  if (!last) throw new StepFailure(EMPTY);
  if (!team.agent.instructions) return sayAll(team, { text: last.text, value: null });
  return conclude(team, floor);
}

const EMPTY = {
  code: 'TEAM_EMPTY',
  message: 'Nobody in the group chat has said anything, so that there is no answer.',
  retryable: true,
};

/** One turn. An agent that fails misses its turn, and the discussion goes on. */
async function speak(team: Team, floor: Floor, node: TeamNode, turn: number): Promise<NodeOutput | null> {
  try {
    return await floor.speak(node, `turn/${turn}`);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    team.scope.losses.push(`${node.key}: ${error.message}`);
    return null;
  }
}

/** The team's own words on what was said. */
async function conclude(team: Team, floor: Floor): Promise<VisitOutput> {
  const turns = await floor.heard();
  turns.push({ role: 'user', parts: [{ type: 'text', text: 'The discussion is over. Write what came of it.' }] });
  const said = await callModel(team, { key: 'conclusion', name: team.agent.name, turns, speaker: team.speaker });
  return { text: textOf(said.parts), value: null };
}
