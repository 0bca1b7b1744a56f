import { describe, expect, it } from 'vitest';
import { localSubscriber } from './local-subscriber.ts';
import { isStream, type SubgraphSubscription } from './subgraph-subscriber.ts';
import { ToyGraph } from './toy-graph.fixture.ts';

const TICKS: SubgraphSubscription<{ viewer: string }> = {
  subgraph: 'rooms',
  query: 'subscription Ticks($every: Int!) { ticks(every: $every) { n viewer } }',
  operationName: 'Ticks',
  variables: { every: 3 },
  context: { viewer: 'ann' },
  maxQueued: 10,
};

function start() {
  const graph = new ToyGraph();
  const contexts: object[] = [];
  const subscribeAt = localSubscriber<{ viewer: string }>({
    schemaOf: (subgraph) => graph.schemas[subgraph],
    contextFor: async (_, { viewer }) => {
      const context = { viewer: `${viewer}-${contexts.length}` };
      contexts.push(context);
      return context;
    },
  });
  return { graph, contexts, subscribeAt };
}

describe('the local subscriber', () => {
  it('gives every event a context of its own, so that loaders do not serve old data', async () => {
    const { graph, contexts, subscribeAt } = start();
    const stream = await subscribeAt(TICKS);
    if (!isStream(stream)) throw new Error('refused');
    graph.publish('ticks', { n: 1 });
    graph.publish('ticks', { n: 2 });
    expect((await stream.next()).value.data.ticks.viewer).toBe('ann-1');
    expect((await stream.next()).value.data.ticks.viewer).toBe('ann-2');
    expect(contexts).toHaveLength(3);
    expect(graph.openings).toEqual([{ field: 'ticks', args: { every: 3 }, viewer: 'ann-0' }]);
  });

  it('releases the source while it waits', async () => {
    const { graph, subscribeAt } = start();
    const stream = await subscribeAt(TICKS);
    if (!isStream(stream)) throw new Error('refused');
    const waiting = stream.next();
    await stream.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(graph.topic.size).toBe(0);
  });

  it('answers with the errors of an operation that the subgraph does not accept, each time', async () => {
    const { subscribeAt } = start();
    for (let time = 0; time < 2; time += 1) {
      const answer = await subscribeAt({ ...TICKS, query: 'subscription Ticks { tocks }' });
      expect(answer).toMatchObject({ errors: [{ message: expect.stringContaining('Cannot query field "tocks"') }] });
    }
  });

  it('is unavailable for a subgraph that does not live here', async () => {
    const { subscribeAt } = start();
    await expect(subscribeAt({ ...TICKS, subgraph: 'moon' })).rejects.toMatchObject({
      extensions: { code: 'UNAVAILABLE' },
    });
  });
});
