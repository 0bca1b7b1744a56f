import { isDeepStrictEqual } from 'node:util';
import { type ModelAnswer, textOf } from '../run/ask-model.ts';
import type { SpeechGuard } from './speech-guard.ts';

/** Models like to put JSON between fences. */
const FENCED = /^\s*```(?:json)?\s*([\s\S]*?)\s*```\s*$/i;

/** The JSON of a text that is nothing else. */
export const unfenced = (text: string): string => FENCED.exec(text)?.[1] ?? text;

/**
 * An answer that goes to a program: where it is JSON, what escapes had hidden from rules is taken out as well. Pure, but for
 * what the guard counts.
 */
export function withoutEscapes(answer: ModelAnswer, guard: SpeechGuard): ModelAnswer {
  let value: unknown;
  try {
    value = JSON.parse(unfenced(textOf(answer.parts)));
  } catch {
    return answer;
  }
  const clean = guard.clean(value);
  if (isDeepStrictEqual(clean, value)) return answer;
  const others = answer.parts.filter(({ type }) => type !== 'text');
  return { ...answer, parts: [{ type: 'text', text: JSON.stringify(clean) }, ...others], rawParts: null };
}
