import { z } from 'zod';
import type { JsonValue } from '#core/model/model.port';
import { defineComposite } from './kind.ts';

const MAX_INPUTS = 1_000;
const MAX_PARALLEL = 50;

const input = z.object({
  kind: z.string().describe('What is done with each input: a kind that is no composite itself.'),
  inputs: z
    .array(z.unknown().transform((value) => (value ?? null) as JsonValue))
    .min(1, 'Give one input at least')
    .max(MAX_INPUTS, `At most ${MAX_INPUTS.toLocaleString('en')} inputs`)
    .describe('An input of that kind for each job.'),
  maxParallel: z
    .int()
    .min(1, 'It must be at least 1')
    .max(MAX_PARALLEL, `It must be at most ${MAX_PARALLEL}`)
    .default(4)
    .describe('How many are under way at once.'),
});

/** One kind of work over many inputs, each a job. Where some fail the task is PARTIAL, and those can be replayed alone. */
export const batch = defineComposite({
  name: 'BATCH',
  description:
    'Does the same with each of many inputs, several at once. The output is the list of their outputs in order, null where one failed.',
  input,
  unfold: ({ kind, inputs, maxParallel }) => ({
    jobs: inputs.map((each) => ({ kind, input: each })),
    maxParallel,
    inOrder: false,
  }),
  pathOf: (position) => `inputs.${position}`,
});
