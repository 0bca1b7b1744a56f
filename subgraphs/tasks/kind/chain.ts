import { z } from 'zod';
import type { JsonValue } from '#core/model/model.port';
import { defineComposite } from './kind.ts';
import { fillIn } from './placeholder.ts';

const MAX_STEPS = 50;

const input = z.object({
  steps: z
    .array(
      z.object({
        kind: z.string().describe('What the step does: a kind that is no composite itself.'),
        input: z
          .unknown()
          .transform((value) => (value ?? null) as JsonValue)
          .describe('What it is given. Texts in it may hold {{previous}}, {{previous.text}} or {{steps.0.body}}.'),
      }),
    )
    .min(1, 'Give one step at least')
    .max(MAX_STEPS, `At most ${MAX_STEPS} steps`),
});

/** Steps, each of which begins once the one before has succeeded, and may take what earlier ones have put out. */
export const chain = defineComposite({
  name: 'CHAIN',
  description:
    'Does one step after the other; each may take what earlier ones have put out. The output is that of the last.',
  input,
  unfold: ({ steps }) => ({ jobs: steps, maxParallel: 1, inOrder: true }),
  inputOf: ({ steps }, position, outputs) => fillIn(steps[position]?.input ?? null, outputs.slice(0, position)),
  pathOf: (position) => `steps.${position}.input`,
});
