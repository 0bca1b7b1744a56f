import type { JsonValue, ModelTurn, ToolResultPart } from '#core/model/model.port';
import { type ModelAnswer, textOf, toolCallsOf } from '../run/ask-model.ts';

/** A step of a run, as far as it is needed to tell how an answer came about. */
export interface ExchangeStep {
  key: string;
  output: JsonValue;
  error: { code: string; message: string } | null;
}

/** A step as one of those below the step at `place`; without one, below the run itself. */
export const exchangeStepOf = (
  { key, output, error }: { key: string; output: unknown; error: unknown },
  place: string | null,
): ExchangeStep => ({
  key: place === null ? key : key.slice(place.length + 1),
  output: output as JsonValue,
  error: error as ExchangeStep['error'],
});

/** What a provider's own form of a turn may have, in characters: pictures that it made need not be sent again. */
const LONGEST_RAW = 200_000;

/**
 * How an agent came to an answer of its own: what its model said, call by call, with the results of its tools. It is the
 * agent's alone: others are shown what it wrote in the room.
 * @returns null where the steps do not tell all of it, or what they tell is not what was written, or not all: pictures go
 *   another way. Pure.
 */
export function ownExchange(steps: readonly ExchangeStep[], written: string): ModelTurn[] | null {
  const at = new Map(steps.map((step) => [step.key, step]));
  const turns: ModelTurn[] = [];
  for (let turn = 0; ; turn += 1) {
    const said = at.get(`model/${turn}`)?.output as unknown as ModelAnswer | null | undefined;
    if (!said?.parts.every(({ type }) => type === 'text' || type === 'tool_call')) return null;
    const calls = toolCallsOf(said.parts);
    const text = textOf(said.parts);
    const isLast = calls.length === 0;
    if (isLast && (text.trim() === '' || !written.trimEnd().endsWith(text.trimEnd()))) return null;
    turns.push({ role: 'model', parts: said.parts, ...rawOf(said) });
    if (isLast) return turns;
    const results: ToolResultPart[] = [];
    for (const [index, { id, name }] of calls.entries()) {
      const step = at.get(`tool/${turn}.${index}`);
      if (!step) return null;
      const { output, error } = step;
      const part = { type: 'tool_result' as const, id, name };
      if (error) results.push({ ...part, result: { error: error.code, message: error.message }, isError: true });
      else results.push({ ...part, result: output });
    }
    turns.push({ role: 'tool', parts: results });
  }
}

const rawOf = ({ rawParts }: ModelAnswer): Pick<ModelTurn, 'rawParts'> =>
  rawParts && JSON.stringify(rawParts).length <= LONGEST_RAW ? { rawParts } : {};
