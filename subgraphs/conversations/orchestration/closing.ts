import { cutText } from '../context/cut-text.ts';
import { fitTurns } from '../context/fit-turns.ts';
import { textOf } from '../run/ask-model.ts';
import { inputTurns, invalidOutput } from './answer.ts';
import { callModel } from './model-step.ts';
import { readJson } from './read-json.ts';
import type { LimitReached } from './run-signal.ts';
import { textTokens } from './token-estimate.ts';
import type { Visit, VisitOutput } from './visit.ts';

/** What of each finished step goes into the summary, in characters. */
const SHOWN_OF_A_STEP = 4_000;

/** One last call without tools, from what was kept back for it: what was found so far, and what is missing. */
export async function closeWithSummary(visit: Visit, reached: LimitReached): Promise<VisitOutput> {
  const room = visit.allowance.beginClosing();
  const done = visit.scope.journal
    .below(visit.stepId)
    .filter(({ state }) => state === 'SUCCEEDED')
    .map(({ name, kind, output }) => `${kind.toLowerCase()} ${name}: ${shorten(output)}`);
  const request = [
    `You have to stop now: ${reached.message}`,
    'Write the closing answer: what was found, and plainly what is missing. Do not ask for anything.',
  ].join('\n\n');
  const told = done.length > 0 ? `What was done so far:\n${done.join('\n')}` : 'Nothing was finished so far.';
  const turns = await inputTurns(visit);
  turns.push({ role: 'user', parts: [told, request].map((text) => ({ type: 'text', text })) });
  // Less than it takes may be left: then it makes do with that.
  const system = cutText(await visit.scope.room.system(visit), Math.floor(room / 2));
  const schema = visit.agent.outputSchema;
  const said = await callModel(visit, {
    key: 'closing',
    name: visit.agent.name,
    system,
    turns: fitTurns(turns, room - textTokens(system)),
    ...(schema && { responseSchema: schema }),
    speaker: schema ? null : visit.speaker,
  });
  if (visit.path === '') visit.scope.limit = reached;
  const text = textOf(said.parts);
  return schema ? closingInForm(visit, text, schema) : { text, value: null };
}

/**
 * Nothing is left to have it mended: whoever goes on with the answer of a member is told that it has not its form, while a
 * person reads that of the whole, and that a limit ended it. @throws StepFailure `OUTPUT_INVALID`
 */
function closingInForm(visit: Visit, said: string, schema: Record<string, unknown>): VisitOutput {
  const { value, problems } = readJson(said, schema);
  const isWhole = problems.length === 0;
  if (!isWhole && visit.path !== '') throw invalidOutput(problems);
  const text = isWhole ? JSON.stringify(value, null, 2) : said;
  visit.speaker?.begin();
  visit.speaker?.say('text', text);
  return { text, value };
}

const shorten = (output: unknown): string => {
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return text.length > SHOWN_OF_A_STEP ? `${text.slice(0, SHOWN_OF_A_STEP)} …` : text;
};
