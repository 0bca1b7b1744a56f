import { unavailable } from '#core/error';
import type { SubgraphSubscriber } from './subgraph-subscriber.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

export interface RemoteSubscriberOptions<C extends object> extends UpstreamOptions {
  /** The `ws:` or `wss:` address of a subgraph; asked for each subscription. */
  urlOf: (subgraph: string) => string | undefined;
  /** Goes into the `extensions` of the `subscribe` message: who asks, in a form that the subgraph can verify. */
  extensionsFor: (subgraph: string, context: C) => Record<string, unknown> | Promise<Record<string, unknown>>;
}

export interface RemoteSubscriber<C extends object> {
  subscribeAt: SubgraphSubscriber<C>;
  /** Drops the connections: running streams end with a resumable error, and no further one can be opened. */
  close(): void;
}

/** Subscribes at subgraphs of other processes: one WebSocket for each address, made when first needed. */
export function remoteSubscriber<C extends object>(options: RemoteSubscriberOptions<C>): RemoteSubscriber<C> {
  const { urlOf, extensionsFor } = options;
  const upstreams = new Map<string, Upstream>();
  let closed = false;

  function upstreamAt(url: string): Upstream {
    const known = upstreams.get(url);
    if (known) return known;
    const upstream = new Upstream(url, { ...options, onGone: () => upstreams.delete(url) });
    upstreams.set(url, upstream);
    return upstream;
  }

  return {
    async subscribeAt({ subgraph, query, variables, operationName, context, maxQueued }) {
      const url = urlOf(subgraph);
      const extensions = await extensionsFor(subgraph, context);
      if (closed || !url) throw unavailable('A part of the API cannot be reached now.');
      const payload = { query, variables, extensions, ...(operationName !== undefined && { operationName }) };
      return upstreamAt(url).open(payload, maxQueued);
    },
    close() {
      closed = true;
      for (const upstream of upstreams.values()) upstream.close();
      upstreams.clear();
    },
  };
}
