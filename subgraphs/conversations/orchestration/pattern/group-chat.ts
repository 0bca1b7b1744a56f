import type { GroupChatTeam, TeamNode } from '#core/agent/team-definition';
import { evaluateCondition } from '#core/condition/condition';
import type { JsonValue } from '#core/model/model.port';
import { chooseResponder } from '../../responder.ts';
import { textOf } from '../../run/ask-model.ts';
import { inputTurns, readJson } from '../answer.ts';
import { callModel } from '../model-step.ts';
import type { NodeOutput } from '../node-work.ts';
import { StepFailure } from '../run-signal.ts';
import type { VisitOutput } from '../visit.ts';
import { inputText, sayAll, type Team } from './team.ts';
import { speakInTurn } from './turn-message.ts';

interface Turn {
  node: string;
  output: NodeOutput;
}

/**
 * Agents speak one after another before everybody, each turn a message of its own. A manager picks who is next; nobody
 * speaks twice in a row. It ends with its rounds, when the manager says so, or when a person has written.
 */
export async function groupChat(team: Team, flow: GroupChatTeam): Promise<VisitOutput> {
  const turns: Turn[] = [];
  const most = flow.maxRounds * team.nodes.length;
  for (let turn = 0; turn < most; turn += 1) {
    const next = await nextSpeaker(team, flow, turns, turn);
    if (!next) break;
    const output = await speak(team, next, turn);
    if (output) turns.push({ node: next.key, output });
  }
  const last = turns.at(-1);
  if (!last) throw new StepFailure({ code: 'TEAM_EMPTY', message: 'Nobody has said anything.', retryable: true });
  if (!team.agent.instructions) return sayAll(team, { text: last.output.text, value: null });
  return conclude(team);
}

/** One turn. An agent that fails misses its turn, and the discussion goes on. */
async function speak(team: Team, node: TeamNode, turn: number): Promise<NodeOutput | null> {
  try {
    return await speakInTurn(team, node, `turn/${turn}`);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    team.scope.losses.push(`${node.key}: ${error.message}`);
    return null;
  }
}

/** Who speaks next, as a step of its own; null where the discussion is over. */
async function nextSpeaker(
  team: Team,
  flow: GroupChatTeam,
  turns: readonly Turn[],
  turn: number,
): Promise<TeamNode | null> {
  const { agent, allowance, scope, path, stepId } = team;
  const before = turns.at(-1)?.node ?? null;
  const able = team.nodes.filter(({ key }) => key !== before || team.nodes.length === 1);
  const asked = flow.speaker === 'MODEL' ? await askManager(team, able, turn) : null;
  const key = `${path}speaker/${turn}`;
  const chosen = await scope.journal.step(
    {
      key,
      parentId: stepId,
      kind: 'DECISION',
      name: 'speaker',
      agent: { id: agent.id, version: agent.version },
      depth: allowance.depth,
      input: { turn, before },
    },
    async () => {
      if (await scope.room.hasBeenInterrupted()) {
        return { output: null as JsonValue, decision: { node: null, reasons: ['A person has written.'] } };
      }
      const { node, reason } = asked ?? (await pickSpeaker(team, flow, turns, able, turn));
      return { output: node as JsonValue, decision: { node, reasons: [reason] } };
    },
  );
  return chosen === null ? null : team.node(chosen as string);
}

interface Picked {
  node: string | null;
  reason: string;
}

async function pickSpeaker(
  team: Team,
  flow: GroupChatTeam,
  turns: readonly Turn[],
  able: readonly TeamNode[],
  turn: number,
): Promise<Picked> {
  const last = turns.at(-1);
  const round = BigInt(Math.floor(turn / team.nodes.length) + 1);
  if (flow.speaker === 'RULE') {
    const facts = {
      last: last?.output.text ?? '',
      lastSpeaker: last?.node ?? '',
      round,
      input: await inputText(team),
    };
    for (const { condition, node } of flow.rules) {
      const isAble = able.some(({ key }) => key === node);
      if (isAble && isTrue(condition, facts)) return { node, reason: `A rule chose ${node}.` };
    }
    return { node: null, reason: 'No rule fits.' };
  }
  if (flow.speaker === 'MENTION') {
    const named = await Promise.all(
      able.map(async (node) => ({
        id: node.key,
        name: (await team.scope.roster.find(node.agentId, node.version))?.name ?? node.key,
      })),
    );
    const text = last ? last.output.text : await inputText(team);
    const mentioned = text.includes('@') ? chooseResponder(text, named) : null;
    if (mentioned && text.toLowerCase().includes(`@${mentioned.name.toLowerCase()}`)) {
      return { node: mentioned.id, reason: `${mentioned.name} was mentioned.` };
    }
    return last ? { node: null, reason: 'Nobody was mentioned.' } : first(able);
  }
  const order = team.nodes.map(({ key }) => key);
  const next = last ? order[(order.indexOf(last.node) + 1) % order.length] : order[0];
  return { node: next ?? null, reason: 'Everybody in turn.' };
}

const first = ([node]: readonly TeamNode[]): Picked => ({ node: node?.key ?? null, reason: 'The first begins.' });

function isTrue(condition: string, facts: Record<string, unknown>): boolean {
  try {
    return evaluateCondition(condition, facts);
  } catch {
    return false;
  }
}

/** Lets the team's own model choose. */
async function askManager(team: Team, able: readonly TeamNode[], turn: number): Promise<Picked> {
  const agents = await Promise.all(able.map((node) => team.scope.roster.find(node.agentId, node.version)));
  const schema = {
    type: 'object',
    properties: { next: { type: 'string', enum: [...able.map(({ key }) => key), 'DONE'] }, reason: { type: 'string' } },
    required: ['next', 'reason'],
  };
  const list = able.map(
    (node, index) => `- ${node.key}: ${agents[index]?.name}. ${node.description ?? agents[index]?.description ?? ''}`,
  );
  const question = [
    'You lead this discussion. Choose who speaks next, or DONE where nothing is left to say:',
    ...list,
    'Answer with JSON: {"next": one of the choices or "DONE", "reason": "why"}.',
  ].join('\n');
  const said = await callModel(team, {
    key: `manager/${turn}`,
    name: 'manager',
    system: [team.agent.instructions, question].filter(Boolean).join('\n\n'),
    turns: await inputTurns({ ...team, input: { kind: 'ROOM' } }),
    responseSchema: schema,
    speaker: null,
  });
  const { value, problems } = readJson(textOf(said.parts), schema);
  if (problems.length > 0) return { node: null, reason: 'The manager could not be understood.' };
  const { next, reason } = value as { next: string; reason: string };
  return { node: next === 'DONE' ? null : next, reason };
}

/** The team's own words on what was said. */
async function conclude(team: Team): Promise<VisitOutput> {
  const turns = await inputTurns({ ...team, input: { kind: 'ROOM' } });
  turns.push({ role: 'user', parts: [{ type: 'text', text: 'The discussion is over. Write what came of it.' }] });
  const said = await callModel(team, { key: 'conclusion', name: team.agent.name, turns, speaker: team.speaker });
  return { text: textOf(said.parts), value: null };
}
