import type { SequentialTeam } from '#core/agent/team-definition';
import { workAtNode } from '../node-work.ts';
import { readJson } from '../read-json.ts';
import { StepFailure } from '../run-signal.ts';
import type { VisitInput, VisitOutput } from '../visit.ts';
import { inputText, sayAll, type Team, textInput } from './team.ts';
import { fillTemplate } from './template.ts';

type Step = SequentialTeam['steps'][number];

/** One node after the other. What was put out before a step that fails is kept in its rows. */
export async function sequential(team: Team, { steps }: SequentialTeam): Promise<VisitOutput> {
  const outputs = new Map<string, VisitOutput>();
  let last: VisitOutput | null = null;
  let isSaid = false;
  for (const [index, step] of steps.entries()) {
    // What may be put aside for something else is not shown before it stands.
    const speaks = index === steps.length - 1 && step.onError === 'FAIL';
    const input = await inputOf(step, team, outputs, last);
    const output = await attempt(team, step, index, input, speaks);
    if (!output) continue;
    isSaid = speaks;
    outputs.set(step.node, output);
    last = output;
  }
  if (!last) throw new StepFailure(EMPTY);
  return isSaid ? last : sayAll(team, last);
}

const EMPTY = {
  code: 'TEAM_EMPTY',
  message: 'Every step of the team failed and was skipped, so that there is no answer.',
  retryable: true,
};

/** Null where the step is skipped. */
async function attempt(
  team: Team,
  step: Step,
  index: number,
  input: VisitInput,
  speaks: boolean,
): Promise<VisitOutput | null> {
  const key = `step/${index}`;
  try {
    return await workAtNode(team, { node: team.node(step.node), key, input, speaker: speaks ? team.speaker : null });
  } catch (error) {
    if (!(error instanceof StepFailure) || step.onError === 'FAIL') throw error;
    if (step.onError === 'DEFAULT_VALUE') return defaultOf(step);
    if (step.onError === 'FALLBACK_AGENT' && step.fallbackNode) {
      return workAtNode(team, { node: team.node(step.fallbackNode), key: `${key}/fallback`, input });
    }
    team.scope.losses.push(`${step.node}: ${error.message}`);
    return null;
  }
}

/** Stands for an answer in a form as well, where it is JSON. */
function defaultOf({ defaultValue }: Step): VisitOutput {
  const text = defaultValue ?? '';
  return { text, value: readJson(text, {}).value };
}

async function inputOf(
  step: Step,
  team: Team,
  outputs: ReadonlyMap<string, VisitOutput>,
  last: VisitOutput | null,
): Promise<VisitInput> {
  if (step.input === 'MAPPING') return textInput(fillTemplate(step.mapping ?? '', await inputText(team), outputs));
  if (!last) return team.input;
  if (step.input === 'LAST') return textInput(last.text);
  const parts = [...outputs].map(([key, output]) => `${key}:\n${output.text}`);
  return textInput([await inputText(team), ...parts].join('\n\n'));
}
