import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { unavailable } from '#core/error';

export interface JoinSourceOptions {
  /** Where to send the fetch; read for each one, so that a reload takes effect at once. */
  source: () => GraphQLDataSource | undefined;
  /** How long one fetch may take, in milliseconds. */
  timeoutMs: number;
  /** Aborted when nobody waits for the event any more. */
  signal: AbortSignal;
}

/** What a data source is given for a join: it may stop working when `signal` is aborted. */
export type JoinFetch = GraphQLDataSourceProcessOptions & { signal: AbortSignal };

/**
 * The data source of one subgraph for the joins of one event. It never throws and never hangs: what goes wrong, and what
 * takes longer than `timeoutMs`, becomes an error with the path of each entity that was asked for.
 */
export function joinSource({ source, timeoutMs, signal }: JoinSourceOptions): GraphQLDataSource {
  return {
    async process(options) {
      try {
        return await beforeEnd(timeoutMs, signal, async (end) => {
          const found = source();
          if (!found) throw unavailable('A part of this event cannot be loaded now.');
          const fetch: JoinFetch = { ...options, signal: end };
          return found.process(fetch);
        });
      } catch (error) {
        const errors = errorsOf(error, options.request.variables?.representations);
        // Whole errors rather than their printed form, so that the log still gets their cause.
        return { errors: errors as GraphQLFormattedError[] };
      }
    },
  };
}

/** One error for each entity, so that every hole in the answer is explained where it is. */
function errorsOf(error: unknown, representations: unknown): GraphQLError[] {
  const message = error instanceof Error ? error.message : 'The subgraph failed.';
  const extensions = error instanceof GraphQLError ? error.extensions : undefined;
  const errorAt = (path?: (string | number)[]) =>
    new GraphQLError(message, {
      ...(path && { path }),
      ...(extensions && { extensions }),
      ...(error instanceof Error && { originalError: error }),
    });
  if (!Array.isArray(representations)) return [errorAt()];
  return representations.map((_, index) => errorAt(['_entities', index]));
}

/**
 * What `work` gives, or an `UNAVAILABLE` error once the time is over or `signal` is aborted; then the signal that `work`
 * was given is aborted as well.
 */
async function beforeEnd<T>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (end: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let stop = () => {};
  const end = new Promise<never>((_, reject) => {
    const endWith = (message: string) => () => {
      reject(unavailable(message));
      abort.abort();
    };
    const timer = setTimeout(endWith('A part of this event was not loaded in time.'), timeoutMs);
    const left = endWith('The stream has ended.');
    if (signal.aborted) left();
    signal.addEventListener('abort', left);
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', left);
    };
  });
  try {
    return await Promise.race([work(abort.signal), end]);
  } finally {
    stop();
  }
}
