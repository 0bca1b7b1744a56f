import type { GraphQLDataSource } from '@apollo/gateway';
import type { ExecutionResult } from 'graphql';
import type { Metrics, SubgraphLabels } from '#core/metrics';
import { outcomeOf } from './outcome.ts';
import { isStream, type SubgraphSubscriber } from './subscription/subgraph-subscriber.ts';

type Called = Pick<SubgraphLabels, 'subgraph' | 'purpose'>;

/** Counts what a data source is asked for. */
export const countFetches = (source: GraphQLDataSource, called: Called, metrics: Metrics): GraphQLDataSource => ({
  process: (options) => counted(source.process(options), called, metrics),
});

/** Counts the streams that are opened at subgraphs; the events on them are no calls. */
export const countStreams =
  <C extends object>(subscribeAt: SubgraphSubscriber<C>, metrics: Metrics): SubgraphSubscriber<C> =>
  (subscription) =>
    counted(subscribeAt(subscription), { subgraph: subscription.subgraph, purpose: 'subscription' }, metrics);

async function counted<T extends object>(answer: Promise<T>, called: Called, { subgraphCalls }: Metrics): Promise<T> {
  try {
    const result = await answer;
    const { outcome } = outcomeOf(isStream(result) ? undefined : (result as ExecutionResult).errors);
    subgraphCalls.inc({ ...called, outcome });
    return result;
  } catch (error) {
    subgraphCalls.inc({ ...called, outcome: 'error' });
    throw error;
  }
}
