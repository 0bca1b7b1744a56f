import type { EnvelopeSigner } from '#core/subgraph/envelope-token';
import type { GatewayContext } from './context.ts';
import type { SubgraphSources } from './subgraph-source.ts';
import { remoteSubscriber } from './subscription/remote-subscriber.ts';
import type { SubgraphSubscriber } from './subscription/subgraph-subscriber.ts';

/** Subscribes where the subgraph lives: in this process, or over one WebSocket to each other process. */
export function subscribeAtSubgraphs(
  { local, remote }: SubgraphSources,
  signer: EnvelopeSigner,
): { subscribeAt: SubgraphSubscriber<GatewayContext>; close(): void } {
  const away = remoteSubscriber<GatewayContext>({
    urlOf: (subgraph) => {
      const url = remote?.directory.urlOf(subgraph);
      return url && `${url.replace(/^http/, 'ws')}/subgraphs/${subgraph}`;
    },
    extensionsFor: async (_subgraph, context) => ({ envelope: await signer.sign(context.envelope) }),
  });
  return {
    async subscribeAt(subscription) {
      const executor = local.get(subscription.subgraph);
      if (!executor) return away.subscribeAt(subscription);
      const { query, variables, operationName, context } = subscription;
      return executor.subscribe({ query, variables, operationName, envelope: context.envelope });
    },
    close: () => away.close(),
  };
}
