import type { Step } from '#prisma/generated/client';
import { RunFailure } from '../run/run-failure.ts';

/** The code of a step that had begun when its work was broken off, and must not be done twice. */
export const INTERRUPTED = 'TOOL_INTERRUPTED';

/** A call was broken off in its middle by a crash, a cancellation or a limit: whether it has done its work is not known. */
export const interruption = (tool: string) =>
  new RunFailure(
    INTERRUPTED,
    `The tool ${tool} had begun when its work was broken off, and must not be run twice. Look at what it did, then let the step be done again or the run end.`,
    true,
  );

/** Whether the step is a call that was broken off so. */
export const isInterrupted = ({ kind, error }: Pick<Step, 'kind' | 'error'>): boolean =>
  kind === 'TOOL' && (error as { code?: string } | null)?.code === INTERRUPTED;
