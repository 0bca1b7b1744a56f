import type { GroupChatTeam, TeamNode } from '#core/agent/team-definition';
import { evaluateCondition } from '#core/condition/condition';
import type { JsonValue } from '#core/model/model.port';
import { firstMentioned } from '../../responder.ts';
import { textOf } from '../../run/ask-model.ts';
import { callModel } from '../model-step.ts';
import type { NodeOutput } from '../node-work.ts';
import { readJson } from '../read-json.ts';
import type { Floor } from './chat-floor.ts';
import { inputText, type Team } from './team.ts';

/** A turn of the discussion, by the node whose turn it was. */
export interface Turn {
  node: string;
  /** Null where the agent failed: it has missed its turn. */
  output: NodeOutput | null;
}

/** How far a discussion has come. */
export interface Discussion {
  flow: GroupChatTeam;
  floor: Floor;
  turns: readonly Turn[];
}

/** Who speaks next, as a step of its own; null where the discussion is over. */
export async function nextSpeaker(team: Team, discussion: Discussion): Promise<TeamNode | null> {
  const { agent, allowance, scope, path, stepId } = team;
  const { flow, floor, turns } = discussion;
  const turn = turns.length;
  const before = turns.at(-1)?.node ?? null;
  const able = team.nodes.filter(({ key }) => key !== before || team.nodes.length === 1);
  const key = `${path}speaker/${turn}`;
  const known = scope.journal.find(key);
  // Whoever has to be answered first has at least that answer.
  const isOver = !known && turn > 0 && (await floor.isInterrupted());
  const wasAsked = scope.journal.find(path + managerAt(turn)) !== undefined;
  const asks = flow.speaker === 'MODEL' && (wasAsked || !(known || isOver));
  const asked = asks ? await askManager(team, floor, able, turn) : null;
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
      if (isOver || (turn > 0 && (await floor.isInterrupted()))) {
        return { output: null as JsonValue, decision: { node: null, reasons: ['A person has written.'] } };
      }
      const { node, reason } = asked ?? (await pickSpeaker(team, discussion, able));
      return { output: node as JsonValue, decision: { node, reasons: [reason] } };
    },
  );
  return chosen === null ? null : team.node(chosen as string);
}

interface Picked {
  node: string | null;
  reason: string;
}

function pickSpeaker(team: Team, discussion: Discussion, able: readonly TeamNode[]): Picked | Promise<Picked> {
  switch (discussion.flow.speaker) {
    case 'RULE':
      return byRule(team, discussion, able);
    case 'MENTION':
      return byMention(team, discussion, able);
    default:
      return inTurn(team, discussion, 'Everybody in turn.');
  }
}

const lastOf = (turns: readonly Turn[]) => turns.findLast(({ output }) => output !== null);

async function byRule(team: Team, { flow, turns }: Discussion, able: readonly TeamNode[]): Promise<Picked> {
  const last = lastOf(turns);
  const facts = {
    last: last?.output?.text ?? '',
    lastSpeaker: last?.node ?? '',
    round: BigInt(Math.floor(turns.length / team.nodes.length) + 1),
    input: await inputText(team),
  };
  for (const { condition, node } of flow.rules) {
    const isAble = able.some(({ key }) => key === node);
    if (isAble && isTrue(condition, facts)) return { node, reason: `A rule chose ${node}.` };
  }
  return { node: null, reason: 'No rule fits.' };
}

function isTrue(condition: string, facts: Record<string, unknown>): boolean {
  try {
    return evaluateCondition(condition, facts);
  } catch {
    return false;
  }
}

/** Whoever was mentioned last. Agents that mention one another go no deeper than agents may without a person. */
async function byMention(team: Team, discussion: Discussion, able: readonly TeamNode[]): Promise<Picked> {
  const { turns } = discussion;
  const previous = turns.at(-1);
  if (previous && !previous.output) return inTurn(team, discussion, `${previous.node} could not speak.`);
  const named = await Promise.all(
    able.map(async (node) => ({
      id: node.key,
      name: (await team.scope.roster.find(node.agentId, node.version))?.name ?? node.key,
    })),
  );
  const text = previous?.output?.text ?? (await inputText(team));
  const mentioned = firstMentioned(text, named);
  if (mentioned) {
    const deepest = team.allowance.bound('maxDepth');
    if (turns.length < deepest) return { node: mentioned.id, reason: `${mentioned.name} was mentioned.` };
    const reason = `${mentioned.name} was mentioned, but the limit maxDepth of ${deepest} between agents without a person was reached.`;
    return { node: null, reason };
  }
  return previous
    ? { node: null, reason: 'Nobody was mentioned.' }
    : { node: able[0]?.key ?? null, reason: 'The first begins.' };
}

function inTurn(team: Team, { turns }: Discussion, reason: string): Picked {
  const order = team.nodes.map(({ key }) => key);
  const last = turns.at(-1);
  const next = last ? order[(order.indexOf(last.node) + 1) % order.length] : order[0];
  return { node: next ?? null, reason };
}

const managerAt = (turn: number): string => `manager/${turn}`;

/** Lets the team's own model choose. */
async function askManager(team: Team, floor: Floor, able: readonly TeamNode[], turn: number): Promise<Picked> {
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
    key: managerAt(turn),
    name: 'manager',
    system: [team.agent.instructions, question].filter(Boolean).join('\n\n'),
    turns: await floor.heard(),
    responseSchema: schema,
    speaker: null,
  });
  const { value, problems } = readJson(textOf(said.parts), schema);
  if (problems.length > 0) return { node: null, reason: 'The manager gave no choice that could be understood.' };
  const { next, reason } = value as { next: string; reason: string };
  return { node: next === 'DONE' ? null : next, reason };
}
