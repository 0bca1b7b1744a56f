import type { Directory } from '#core/directory/directory';
import type { Logger } from '#core/log';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import type { RemoteCaller } from '#core/subgraph/remote-call';
import type { SubgraphSdl } from './compose.ts';
import { anonymousEnvelope } from './data-source.ts';

export interface SubgraphSources {
  /** Every subgraph that the supergraph is made of. */
  names: readonly string[];
  local: ReadonlyMap<string, SubgraphExecutor>;
  /** Null where all of them live in this process. */
  remote: { caller: RemoteCaller; directory: Directory } | null;
  log: Logger;
}

const RETRY_PAUSE_MS = 500;

/** Asks every subgraph for its schema, and waits for those that are not up yet. */
export async function readSchemas(sources: SubgraphSources, signal?: AbortSignal): Promise<SubgraphSdl[]> {
  return Promise.all(sources.names.map((name) => readSchema(name, sources, signal)));
}

async function readSchema(name: string, sources: SubgraphSources, signal?: AbortSignal): Promise<SubgraphSdl> {
  const operation = { query: '{ _service { sdl } }', envelope: anonymousEnvelope() };
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted();
    try {
      const local = sources.local.get(name);
      const result = local
        ? await local.execute(operation)
        : await sources.remote?.caller.call(name, operation, signal);
      const sdl = (result?.data as { _service?: { sdl?: string } } | null | undefined)?._service?.sdl;
      if (sdl) return { name, sdl };
    } catch (error) {
      if (tries % 20 === 0) sources.log.info({ subgraph: name, err: error }, 'waiting for a subgraph');
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    await sources.remote?.directory.beat().catch(() => {});
  }
}
