import type { ExecutionResult } from 'graphql';
import { isStream } from './subgraph-subscriber.ts';

type Answer<T> = AsyncIterator<T> | ExecutionResult;

/**
 * What a subgraph answers to `opening`, or a stream that is already over when the client leaves before there is an
 * answer; a stream that comes after that is released.
 */
export async function unlessAborted<T>(
  opening: Promise<Answer<T>>,
  signal: AbortSignal | undefined,
): Promise<Answer<T>> {
  if (!signal) return opening;
  let leave = () => {};
  const left = new Promise<AsyncIterator<T>>((resolve) => {
    leave = () => resolve({ next: async () => ({ value: undefined, done: true }) });
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([opening, left]);
  } finally {
    signal.removeEventListener('abort', leave);
    if (signal.aborted) release(opening);
  }
}

function release<T>(opening: Promise<Answer<T>>): void {
  opening.then((answer) => (isStream(answer) ? answer.return?.() : undefined)).catch(() => undefined);
}
