import type { ExecutionResult } from 'graphql';

/** One subscription to open at one subgraph, as the query plan wrote it. */
export interface SubgraphSubscription<C extends object = object> {
  /** The subgraph's name in the supergraph. */
  subgraph: string;
  /** The subscription operation for that subgraph, printed. */
  query: string;
  /** Only the variables that `query` uses, as the client sent them: the subgraph coerces them itself. */
  variables: Record<string, unknown>;
  operationName?: string | undefined;
  /** The client's context, for the identity that the subgraph has to see. */
  context: C;
  /** How many results a transport that cannot be paused may hold for a slow reader before it gives up. */
  maxQueued: number;
}

/**
 * Opens a subscription at a subgraph. Answers with the stream of its results, or with one result whose `errors` say why
 * the subgraph refused.
 *
 * The stream's `return()` must release the subgraph at once, also while a `next()` is waiting. A stream that is lost
 * rejects its `next()` with a `ParleyError` `UNAVAILABLE` whose extensions hold `resumable: true`; only a subgraph that
 * said it is done may end it with `done`. Results may be shared between readers: nothing in this folder changes them.
 */
export type SubgraphSubscriber<C extends object = object> = (
  subscription: SubgraphSubscription<C>,
) => Promise<AsyncIterator<ExecutionResult> | ExecutionResult>;

/** Tells a stream from the single result of a refusal. */
export const isStream = <T>(answer: AsyncIterator<T> | ExecutionResult): answer is AsyncIterator<T> =>
  typeof (answer as AsyncIterator<T>).next === 'function';
