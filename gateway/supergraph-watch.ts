import type { Logger } from '#core/log';
import type { GatewayGraph } from './apollo.ts';
import { composeSupergraph } from './compose.ts';
import { readSchemas, type SubgraphSources } from './subgraph-source.ts';

export interface SupergraphWatchOptions {
  sources: SubgraphSources;
  graph: GatewayGraph;
  cacheFolder: string | null;
  log: Logger;
}

/**
 * Composes anew whenever the processes behind the gateway change, so that a subgraph can be upgraded while the gateway
 * runs. A schema that does not compose is logged and not taken. Returns the function that ends it.
 */
export function followSupergraph({ sources, graph, cacheFolder, log }: SupergraphWatchOptions): () => void {
  const stop = new AbortController();
  let queue: Promise<void> = Promise.resolve();
  const compose = async () => {
    try {
      graph.update(await composeSupergraph(await readSchemas(sources, stop.signal), cacheFolder));
    } catch (error) {
      if (!stop.signal.aborted) log.error({ err: error }, 'the new schemas were not taken; the last ones go on');
    }
  };
  const leave = sources.remote?.directory.onChange(() => {
    queue = queue.then(compose);
  });
  return () => {
    stop.abort();
    leave?.();
  };
}
