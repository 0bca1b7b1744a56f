import type { HandoffTeam } from '#core/agent/team-definition';
import type { JsonValue, ModelTurn, ToolCallPart, ToolResultPart } from '#core/model/model.port';
import { textOf } from '../../run/ask-model.ts';
import { answer, type Delegate, inputTurns } from '../answer.ts';
import { callModel } from '../model-step.ts';
import { StepFailure } from '../run-signal.ts';
import type { Visit, VisitOutput } from '../visit.ts';
import { inputText, type Team } from './team.ts';

/** A pair of agents may hand the conversation back and forth so often. */
const MAX_BOUNCES = 2;

/** Who has the conversation between two messages. */
interface HandoffState {
  active: string;
}

/** The nodes that have had the conversation in this run, in order. */
type Trail = string[];

/** The agent that has the conversation answers, or hands it on along an edge. */
export async function handoff(team: Team, flow: HandoffTeam): Promise<VisitOutput> {
  const trail: Trail = [await startOf(team, flow)];
  const output = await speakAt(team, flow, trail, await inputTurns(team));
  const last = trail.at(-1) as string;
  const active =
    flow.returns === 'STICKY' ? last : flow.returns === 'RETURN_TO_PARENT' ? (trail[0] as string) : flow.start;
  if (team.path === '') team.scope.teamState = { active } satisfies HandoffState as unknown as JsonValue;
  return output;
}

/** Where the last run of the team has left the conversation, else the first agent. */
async function startOf(team: Team, flow: HandoffTeam): Promise<string> {
  if (team.path !== '' || flow.returns !== 'STICKY') return flow.start;
  const state = (await team.scope.room.teamState(team.agent.id)) as HandoffState | null;
  return state && team.nodes.some(({ key }) => key === state.active) ? state.active : flow.start;
}

async function speakAt(team: Team, flow: HandoffTeam, trail: Trail, turns: ModelTurn[]): Promise<VisitOutput> {
  const key = trail.at(-1) as string;
  const place = `hand/${trail.length - 1}/${key}`;
  const node = team.node(key);
  const { scope, allowance } = team;
  const known = scope.journal.find(team.path + place);
  const agent = await scope.roster.find(node.agentId, known?.agentVersion ?? node.version);
  if (!agent) {
    throw new StepFailure({
      code: 'AGENT_UNAVAILABLE',
      message: `The agent at ${key} cannot answer.`,
      retryable: true,
    });
  }
  let handed: { to: string; task: string } | null = null;
  const edges = flow.edges.filter(({ from }) => from === key);
  const taken = new Set<string>();
  const delegates: Delegate[] = await Promise.all(
    edges.map(async ({ to, description }) => {
      const target = await scope.roster.find(team.node(to).agentId, team.node(to).version);
      return {
        name: `hand_to_${to}`,
        description:
          `Hands the conversation to ${target?.name ?? to}. ${description ?? target?.description ?? ''}`.trim(),
        parameters: { type: 'object', properties: { reason: { type: 'string' } } },
        async run(call: ToolCallPart): Promise<ToolResultPart> {
          const result = { type: 'tool_result' as const, id: call.id, name: call.name };
          const refuse = (message: string) => ({
            ...result,
            result: { error: 'NOT_HANDED_OVER', message },
            isError: true,
          });
          if (handed || taken.has(to)) return refuse('The conversation was handed over already.');
          if (!target) return refuse(`${to} cannot answer now: answer yourself, or hand over to another.`);
          if (bounces(trail, key, to) >= MAX_BOUNCES)
            return refuse('You two have handed it back and forth: answer now.');
          allowance.take('maxHandoffs');
          handed = { to, task: String(call.args.reason ?? '') };
          return { ...result, result: `${target.name} goes on.` };
        },
      };
    }),
  );
  const path = `${team.path}${place}/`;
  allowance.take('maxSteps');
  let visit: Visit = { ...team, agent, path, allowance: allowance.below(path, agent.limits) };
  const spec = {
    key: team.path + place,
    parentId: team.stepId,
    kind: 'AGENT' as const,
    name: key,
    agent: { id: agent.id, version: agent.version },
    depth: allowance.depth,
    input: null,
  };
  const output = (await scope.journal.group(spec, async (step) => {
    visit = { ...visit, stepId: step.id };
    return (await answer(visit, { turns, delegates, endsAfter: () => handed !== null })) as unknown as JsonValue;
  })) as unknown as VisitOutput;
  const next = handed as { to: string; task: string } | null;
  if (!next) return output;
  const given = await handedTurns(team, flow, visit, turns, output, next.task);
  trail.push(next.to);
  const answered = await speakAt(team, flow, trail, given);
  if (flow.returns !== 'RETURN_TO_PARENT') return answered;
  trail.push(key);
  return goOn(visit, turns, answered, trail.length);
}

/** How often the conversation has gone from `from` to `to` and back. */
export function bounces(trail: readonly string[], from: string, to: string): number {
  let count = 0;
  for (let index = 2; index < trail.length; index += 1) {
    if (trail[index] === from && trail[index - 1] === to && trail[index - 2] === from) count += 1;
  }
  return count;
}

/** What the next agent is given of what was said. */
async function handedTurns(
  team: Team,
  flow: HandoffTeam,
  visit: Visit,
  turns: ModelTurn[],
  output: VisitOutput,
  task: string,
): Promise<ModelTurn[]> {
  const note = `${visit.agent.name} has handed this to you.${task ? ` Why: ${task}` : ''}`;
  const asUser = (text: string): ModelTurn => ({ role: 'user', parts: [{ type: 'text', text }] });
  if (flow.history === 'NONE') return [asUser(`${note}\n\n${await inputText(team)}`)];
  if (flow.history === 'FULL') {
    const said: ModelTurn[] = output.text ? [{ role: 'model', parts: [{ type: 'text', text: output.text }] }] : [];
    return [...turns, ...said, asUser(note)];
  }
  const summary = await callModel(visit, {
    key: 'summary',
    name: 'summary',
    turns: [
      ...turns,
      asUser('Sum up the conversation so far for the colleague who takes it over, in a few sentences.'),
    ],
    toolChoice: 'NONE',
    speaker: null,
  });
  return [asUser(`${note}\n\nWhat was said so far: ${textOf(summary.parts)}\n\n${await inputText(team)}`)];
}

/** Control goes back to whoever handed over, who finishes the answer knowing what was said. */
async function goOn(visit: Visit, turns: ModelTurn[], answered: VisitOutput, time: number): Promise<VisitOutput> {
  const note = `Your colleague has answered: ${answered.text}\n\nThe conversation is yours again. Add what is missing, or say briefly that it is done.`;
  const last = await answer(visit, {
    turns: [...turns, { role: 'user', parts: [{ type: 'text', text: note }] }],
    keyPrefix: `return${time}/`,
  });
  return { text: [answered.text, last.text].filter(Boolean).join('\n\n'), value: null };
}
