import type { ModelTurn } from '#core/model/model.port';
import type { StepRecord } from '../orchestration/step.ts';
import { forOthers } from '../tool/memory/personal-memory.ts';

/** Characters of the arguments of a call, beyond which they are cut. */
const MAX_ARGUMENTS = 500;

/** Tells a model what stays of answers that it sees no more. Before what it is to answer, which stays the last word. */
export function withNote(turns: ModelTurn[], effects: readonly StepRecord[]): ModelTurn[] {
  if (effects.length === 0) return turns;
  const calls = effects.map((step) => {
    const { name, state } = step;
    // Whoever is answered now need not be the one that they were made for.
    const given = JSON.stringify(forOthers(step).input) ?? '';
    const shown = given.length > MAX_ARGUMENTS ? `${given.slice(0, MAX_ARGUMENTS)}…` : given;
    return `- ${name}(${shown})${state === 'SUCCEEDED' ? '' : ', which did not come to its end'}`;
  });
  const text = `[An earlier answer was taken back and is not shown here. These calls of tools in it were made, and what they did stays:\n${calls.join('\n')}]`;
  const note = { type: 'text' as const, text };
  const last = turns.at(-1);
  if (last?.role !== 'user') return [...turns, { role: 'user', parts: [note] }];
  return [...turns.slice(0, -1), { ...last, parts: [note, ...last.parts] }];
}
