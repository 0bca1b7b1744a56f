import type { LoopTeam } from '#core/agent/team-definition';
import { textOf } from '../../run/ask-model.ts';
import { callModel } from '../model-step.ts';
import { workAtNode } from '../node-work.ts';
import { readJson } from '../read-json.ts';
import { StepFailure } from '../run-signal.ts';
import type { VisitOutput } from '../visit.ts';
import { inputText, sayAll, type Team, textInput } from './team.ts';

interface Judgement {
  done: boolean;
  feedback: string;
  /** From 0 to 1. */
  score: number;
}

const SCHEMA = {
  type: 'object',
  properties: {
    done: { type: 'boolean', description: 'Whether the result is good enough.' },
    feedback: { type: 'string', description: 'What to make better; empty where it is done.' },
    score: { type: 'number', minimum: 0, maximum: 1, description: 'How good the result is.' },
  },
  required: ['done', 'feedback', 'score'],
};

/**
 * The body works, the judge looks, until the judge is content, two results are the same, or the iterations are used up:
 * then the result that the judge liked best counts.
 */
export async function loop(team: Team, flow: LoopTeam): Promise<VisitOutput> {
  const task = await inputText(team);
  let best: { output: VisitOutput; score: number } | null = null;
  let previous: string | null = null;
  let input = team.input;
  for (let iteration = 0; iteration < flow.maxIterations; iteration += 1) {
    const output = await workAtNode(team, { node: team.node(flow.body), key: `loop/${iteration}/body`, input });
    if (output.text === previous) return sayAll(team, output);
    previous = output.text;
    const judgement = await judge(team, flow, task, output.text, `loop/${iteration}/judge`);
    if (judgement.done) return sayAll(team, output);
    if (!best || judgement.score > best.score) best = { output, score: judgement.score };
    input = textInput(
      `${task}\n\nYour last result:\n${output.text}\n\nMake it better. What was said about it: ${judgement.feedback}`,
    );
  }
  if (!best) throw new StepFailure({ code: 'TEAM_EMPTY', message: 'The loop made no result.', retryable: true });
  return sayAll(team, best.output);
}

async function judge(team: Team, flow: LoopTeam, task: string, result: string, key: string): Promise<Judgement> {
  const question = [
    `The task:\n${task}`,
    `The result:\n${result}`,
    flow.criteria && `What it has to be like:\n${flow.criteria}`,
    'Judge the result. Answer with JSON: {"done": true or false, "feedback": "what to make better", "score": 0 to 1}.',
  ]
    .filter(Boolean)
    .join('\n\n');
  const said = flow.judge
    ? (await workAtNode(team, { node: team.node(flow.judge), key, input: textInput(question) })).text
    : textOf(
        (
          await callModel(team, {
            key,
            name: 'judge',
            turns: [{ role: 'user', parts: [{ type: 'text', text: question }] }],
            responseSchema: SCHEMA,
            speaker: null,
          })
        ).parts,
      );
  const { value, problems } = readJson(said, SCHEMA);
  // A judge that cannot be understood has not said that it is done.
  return problems.length === 0 ? (value as unknown as Judgement) : { done: false, feedback: said, score: 0 };
}
