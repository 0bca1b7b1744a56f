import type { TeamNode } from '#core/agent/team-definition';
import { refuseIfBlocked } from '../../guard/speech-guard.ts';
import type { Visit, VisitInput, VisitOutput } from '../visit.ts';

/** A team at work: the visit of its agent, with the nodes by their keys. */
export interface Team extends Visit {
  readonly nodes: readonly TeamNode[];
  /** @throws RunFailure where the team has no such node, which checked definitions do not have. */
  node(key: string): TeamNode;
}

/** What the team was given, as text. */
export const inputText = ({ input, scope }: Visit): Promise<string> =>
  input.kind === 'ROOM' ? scope.room.triggerText() : Promise.resolve(input.text);

export const textInput = (text: string): VisitInput => ({ kind: 'TEXT', text });

/** Says at once what nobody has said as it came. @throws StepFailure where a rule stops it */
export async function sayAll({ agent, scope, speaker }: Visit, output: VisitOutput): Promise<VisitOutput> {
  const guard = await scope.output.guard(agent, speaker?.before);
  const text = guard ? guard.clean(output.text) : output.text;
  await scope.output.keep(guard, agent);
  if (guard) refuseIfBlocked(guard, speaker);
  speaker?.begin();
  speaker?.say('text', text);
  return { ...output, text };
}
