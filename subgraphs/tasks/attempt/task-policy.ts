import { z } from 'zod';
import type { JsonValue } from '#core/model/model.port';
import { BACKOFFS } from './backoff.ts';

/** What becomes of a job that is out of attempts. */
export const ON_FAILURE = ['STOP', 'DEFAULT_VALUE', 'FALLBACK'] as const;

const DAY_MS = 86_400_000;
const ms = (most: number) =>
  z
    .int('It must be a whole number of milliseconds')
    .min(1, 'It must be at least 1')
    .max(most, `It must be at most ${most.toLocaleString('en')}`);

/** A name that somebody chose: of a queue, a key. */
export const keyText = z
  .string()
  .trim()
  .min(1, 'It must not be empty')
  .max(200, 'It must have at most 200 characters')
  .refine((text) => !/\p{Cc}/u.test(text), 'It must not hold control characters');

/** How hard a task is tried. Every default is filled in here. */
export const taskPolicySchema = z
  .object({
    attempts: z.int().min(1, 'It must be at least 1').max(50, 'It must be at most 50').default(5),
    backoff: z
      .object({
        kind: z.enum(BACKOFFS).default('EXPONENTIAL'),
        delayMs: ms(DAY_MS).default(1_000),
        maxDelayMs: ms(7 * DAY_MS).default(300_000),
        jitter: z.number().min(0, 'It must be at least 0').max(1, 'It must be at most 1').default(0.2),
      })
      .prefault({}),
    /** Codes of errors after which it is tried again; without it, all that may go better by themselves. */
    retryOn: z.array(z.string().trim().min(1).max(100)).max(50, 'At most 50 codes').nullish().default(null),
    /** Of each attempt. Without it, that of the kind. */
    attemptTimeoutMs: ms(7 * DAY_MS)
      .nullish()
      .default(null),
    /** Of all attempts together, pauses included, from when the task was created. */
    totalTimeoutMs: ms(90 * DAY_MS)
      .nullish()
      .default(null),
    onFailure: z.enum(ON_FAILURE).default('STOP'),
    /** With DEFAULT_VALUE. */
    defaultValue: z
      .unknown()
      .transform((value) => (value ?? null) as JsonValue)
      .default(null),
    /** With FALLBACK: who works on it instead. */
    fallbackAgentId: z.uuid('It must be the id of an agent').nullish().default(null),
  })
  .superRefine(({ onFailure, fallbackAgentId }, context) => {
    if ((onFailure === 'FALLBACK') === (fallbackAgentId !== null)) return;
    const message = onFailure === 'FALLBACK' ? 'FALLBACK needs an agent' : 'It goes with FALLBACK alone';
    context.addIssue({ code: 'custom', path: ['fallbackAgentId'], message });
  });

export type TaskPolicy = z.output<typeof taskPolicySchema>;
