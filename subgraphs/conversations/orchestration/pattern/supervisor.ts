import type { TeamNode } from '#core/agent/team-definition';
import type { ToolCallPart, ToolResultPart } from '#core/model/model.port';
import { answer } from '../answer.ts';
import type { Delegate } from '../delegate.ts';
import { workAtNode } from '../node-work.ts';
import { StepFailure } from '../run-signal.ts';
import type { VisitOutput } from '../visit.ts';
import { type Team, textInput } from './team.ts';

const PARAMETERS = {
  type: 'object',
  properties: {
    task: {
      type: 'string',
      description: 'What it is to do, with everything that it needs to know: it sees nothing else.',
    },
  },
  required: ['task'],
};

/** The team's own model answers, with the nodes as its tools: they return to it, and it alone writes the answer. */
export async function supervisor(team: Team): Promise<VisitOutput> {
  const asked = new Set<string>();
  const delegates = await Promise.all(team.nodes.map((node) => delegateOf(team, node, asked)));
  return answer(team, delegates);
}

async function delegateOf(team: Team, node: TeamNode, asked: Set<string>): Promise<Delegate> {
  const agent = await team.scope.roster.find(node.agentId, node.version);
  const what = node.description ?? agent?.description;
  return {
    name: node.key,
    description: `Asks ${agent?.name ?? node.key}, who answers to you. ${what ?? ''}`.trim(),
    parameters: PARAMETERS,
    run: (call, key) =>
      delegate(team, node, call, key, (task) => {
        // Another node may stand for the same agent.
        const same = `${node.agentId}/${agent?.version}\n${task.trim()}`;
        const wasAsked = asked.has(same);
        asked.add(same);
        return wasAsked;
      }),
  };
}

async function delegate(
  team: Team,
  node: TeamNode,
  call: ToolCallPart,
  key: string,
  wasAsked: (task: string) => boolean,
): Promise<ToolResultPart> {
  const { task } = call.args;
  const result = { type: 'tool_result' as const, id: call.id, name: call.name };
  const refuse = (error: string, message: string) => ({ ...result, result: { error, message }, isError: true });
  if (typeof task !== 'string' || task.trim() === '') return refuse('INVALID_ARGUMENTS', 'task must say what to do.');
  if (wasAsked(task)) {
    return refuse(
      'ASKED_BEFORE',
      'You have asked this before. Go by what came of it, ask for something else, or go on.',
    );
  }
  try {
    const output = await workAtNode(team, { node, key, input: textInput(task) });
    return { ...result, result: output.value ?? output.text };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    return refuse(error.error.code, error.message);
  }
}
