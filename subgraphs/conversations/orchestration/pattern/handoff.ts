import type { HandoffTeam } from '#core/agent/team-definition';
import type { JsonValue, ModelTurn } from '#core/model/model.port';
import { textOf, toolCallsOf } from '../../run/ask-model.ts';
import { inputTurns } from '../answer.ts';
import { declarationOf } from '../delegate.ts';
import { callModel } from '../model-step.ts';
import { type NodeOutput, workAtNode } from '../node-work.ts';
import { StepFailure } from '../run-signal.ts';
import type { Visit, VisitInput, VisitOutput } from '../visit.ts';
import { type Handover, openHandover, type Trail } from './handover.ts';
import { inputText, type Team } from './team.ts';

/** Who has the conversation between two messages. */
interface HandoffState {
  active: string;
}

/** What an agent is given along with the conversation. */
type Given = Extract<VisitInput, { kind: 'TURNS' }>;

/** The agent that has the conversation answers, or hands it on along an edge. */
export async function handoff(team: Team, flow: HandoffTeam): Promise<VisitOutput> {
  const trail: Trail = [await startOf(team, flow)];
  const given: Given = { kind: 'TURNS', turns: await inputTurns(team), text: await inputText(team) };
  const output = await speakAt(team, flow, trail, given);
  const last = trail.at(-1) as string;
  const active =
    flow.returns === 'STICKY' ? last : flow.returns === 'RETURN_TO_PARENT' ? (trail[0] as string) : flow.start;
  if (team.path === '') team.scope.teamState = { active } satisfies HandoffState as unknown as JsonValue;
  return output;
}

/** Where the last run of the team has left the conversation, as long as it can be gone on with there; else the first agent. */
async function startOf(team: Team, flow: HandoffTeam): Promise<string> {
  const { journal, room, roster } = team.scope;
  const begun = team.nodes.find(({ key }) => journal.find(`${team.path}${placeOf([key])}`));
  if (begun) return begun.key;
  if (team.path !== '' || flow.returns !== 'STICKY') return flow.start;
  const state = (await room.teamState(team.agent.id)) as HandoffState | null;
  const node = team.nodes.find(({ key }) => key === state?.active);
  return node && (await roster.find(node.agentId, node.version)) ? node.key : flow.start;
}

const placeOf = (trail: Trail): string => `hand/${trail.length - 1}/${trail.at(-1)}`;

async function speakAt(team: Team, flow: HandoffTeam, trail: Trail, given: Given): Promise<VisitOutput> {
  const key = trail.at(-1) as string;
  const place = placeOf(trail);
  const handover = await openHandover(team, flow, trail);
  const work = { node: team.node(key), speaker: team.speaker };
  const output = await workAtNode(team, { ...work, key: place, input: given, exits: handover });
  if (!handover.to) await offer(team, place, handover, given, output);
  const next = handover.to;
  if (!next) return output;
  const handed = await handedInput(team, flow, place, given, output, next.reason);
  trail.push(next.node);
  const answered = await speakAt(team, flow, trail, handed);
  if (flow.returns !== 'RETURN_TO_PARENT') return answered;
  // Control goes back to whoever handed over, who finishes the answer knowing what was said.
  trail.push(key);
  const last = await workAtNode(team, { ...work, key: placeOf(trail), input: returnedInput(given, answered) });
  return { text: [answered.text, last.text].filter(Boolean).join('\n\n'), value: null };
}

/**
 * A team whose own model has no part in its work says by it afterwards whether the conversation is to go on elsewhere.
 * Where that cannot be found out it stays.
 */
async function offer(team: Team, place: string, { delegates }: Handover, given: Given, output: NodeOutput) {
  if (delegates.length === 0) return;
  const visit = await visitAt(team, place);
  const pattern = visit?.agent.team?.flow.pattern;
  if (!visit || !pattern || pattern === 'SUPERVISOR') return;
  const question =
    'That is what your team has answered. Hand the conversation over where others should go on, or say DONE.';
  try {
    const said = await callModel(visit, {
      key: 'offer',
      name: visit.agent.name,
      turns: [...given.turns, ...saidBy(output), asUser(question)],
      tools: delegates.map(declarationOf),
      speaker: null,
    });
    for (const call of toolCallsOf(said.parts)) {
      await delegates.find(({ name }) => name === call.name)?.run(call, 'offer');
    }
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    team.scope.losses.push(`${visit.agent.name}: ${error.message}`);
  }
}

/** The agent that has worked at a place, to say something more about it; what it uses is the team's. */
async function visitAt(team: Team, place: string): Promise<Visit | null> {
  const { scope } = team;
  const path = `${team.path}${place}`;
  const step = scope.journal.find(path);
  const agent = step ? await scope.roster.find(step.agentId, step.agentVersion) : null;
  return step && agent ? { ...team, agent, path: `${path}/`, stepId: step.id } : null;
}

const asUser = (text: string): ModelTurn => ({ role: 'user', parts: [{ type: 'text', text }] });

const saidBy = ({ text }: VisitOutput): ModelTurn[] =>
  text ? [{ role: 'model', parts: [{ type: 'text', text }] }] : [];

/** What the next agent is given of what was said. */
async function handedInput(
  team: Team,
  flow: HandoffTeam,
  place: string,
  given: Given,
  output: NodeOutput,
  reason: string,
): Promise<Given> {
  const note = `${output.name} has handed this to you.${reason ? ` Why: ${reason}` : ''}`;
  const alone = (text: string): Given => ({ kind: 'TURNS', turns: [asUser(text)], text });
  const task = await inputText(team);
  if (flow.history === 'NONE') return alone(`${note}\n\n${task}`);
  if (flow.history === 'FULL') {
    const turns = [...given.turns, ...saidBy(output), asUser(note)];
    return { kind: 'TURNS', turns, text: [note, task, output.text].filter(Boolean).join('\n\n') };
  }
  const visit = await visitAt(team, place);
  if (!visit) throw new StepFailure(GONE);
  const summary = await callModel(visit, {
    key: 'summary',
    name: 'summary',
    turns: [
      ...given.turns,
      ...saidBy(output),
      asUser('Sum up the conversation so far for the colleague who takes it over, in a few sentences.'),
    ],
    toolChoice: 'NONE',
    speaker: null,
  });
  return alone(`${note}\n\nWhat was said so far: ${textOf(summary.parts)}\n\n${task}`);
}

const GONE = {
  code: 'AGENT_UNAVAILABLE',
  message: 'The agent that hands over cannot answer any more.',
  retryable: false,
};

function returnedInput({ turns, text }: Given, answered: VisitOutput): Given {
  const note = `Your colleague has answered: ${answered.text}\n\nThe conversation is yours again. Add what is missing, or say briefly that it is done.`;
  return { kind: 'TURNS', turns: [...turns, asUser(note)], text: `${text}\n\n${note}` };
}
