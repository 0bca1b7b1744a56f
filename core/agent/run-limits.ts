import { z } from 'zod';

/** What a run does when it meets a limit: end, let the agent write a closing answer, or ask a person. */
export const LIMIT_ACTIONS = ['STOP', 'SUMMARISE', 'ESCALATE'] as const;

export type LimitAction = (typeof LIMIT_ACTIONS)[number];

const count = (most: number) =>
  z
    .int('It must be a whole number')
    .min(1, 'It must be at least 1')
    .max(most, `It must be at most ${most.toLocaleString('en')}`);

/**
 * How far a run may go. An agent's own limits hold for the part of the run that it works on; whatever it hands work to
 * draws from what is left of them, and can have less, never more.
 */
export const runLimits = z.object({
  /** Calls of the model by one agent before it has answered. */
  maxTurns: count(100),
  /** Steps of all kinds. */
  maxSteps: count(1_000),
  /** Agents that work for one another, the first included; and turns of a group chat by mentions among agents. */
  maxDepth: count(10),
  /** Times that the conversation is handed from one agent to another. */
  maxHandoffs: count(100),
  /** Milliseconds from the start of the run, without those that it waits for people. */
  maxWallMs: count(24 * 3_600_000),
  /** Tokens of all calls, as the providers count them: input, output and thinking. */
  maxTokens: count(1_000_000_000),
  /** Micro-USD. Counts once models have prices. */
  maxCostMicros: count(1_000_000_000_000),
  /** Calls of models and tools under way at the same time, by an agent and everybody who works for it. */
  maxParallel: count(50),
  /** Calls of tools. */
  maxToolCalls: count(1_000),
  /** Milliseconds that one call of a model or a tool may take. */
  stepTimeoutMs: count(3_600_000),
});

export type RunLimits = z.output<typeof runLimits>;

/** What an agent sets of them; what it leaves out is inherited. */
export const ownLimits = runLimits.partial().extend({ onLimit: z.enum(LIMIT_ACTIONS).optional() });

export type OwnLimits = z.output<typeof ownLimits>;

/** For a run whose first agent sets nothing. Tokens and cost have no bound of ours then. */
export const DEFAULT_LIMITS: RunLimits & { onLimit: LimitAction } = {
  maxTurns: 10,
  maxSteps: 50,
  maxDepth: 3,
  maxHandoffs: 8,
  maxWallMs: 30 * 60_000,
  maxTokens: Number.MAX_SAFE_INTEGER,
  maxCostMicros: Number.MAX_SAFE_INTEGER,
  maxParallel: 4,
  maxToolCalls: 50,
  stepTimeoutMs: 300_000,
  onLimit: 'STOP',
};
