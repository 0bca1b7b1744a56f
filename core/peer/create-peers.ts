import type { ExecutionResult } from 'graphql';
import { isErrorCode, ParleyError, unavailable } from '#core/error';
import { newId } from '#core/id';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import type { SubgraphOperation } from '#core/subgraph/operation';
import type { RemoteCaller } from '#core/subgraph/remote-call';
import type { PeerRequest, Peers } from './peer.ts';

export interface PeersOptions {
  /** The subgraphs that live in this process; filled while the process starts. */
  local: ReadonlyMap<string, SubgraphExecutor>;
  /** Null where all of them do. */
  remote: RemoteCaller | null;
}

export function createPeers({ local, remote }: PeersOptions): Peers {
  return {
    async call<Data>(peer: string, request: PeerRequest): Promise<Data> {
      const operation = toOperation(request);
      const executor = local.get(peer);
      if (!executor && !remote) throw unavailable(`The part of Parley that serves ${peer} does not run.`);
      const result = executor
        ? await executor.execute(operation)
        : await (remote as RemoteCaller).call(peer, operation, request.signal);
      return readResult<Data>(peer, result);
    },
  };
}

function toOperation({ query, variables, viewer, requestId }: PeerRequest): SubgraphOperation {
  return {
    query,
    variables,
    envelope: {
      requestId: requestId ?? newId(),
      viewer,
      client: { ip: null, userAgent: null },
      idempotencyKey: null,
    },
  };
}

function readResult<Data>(peer: string, { data, errors }: ExecutionResult): Data {
  const first = errors?.[0];
  if (first) {
    const code = first.extensions?.code;
    throw new ParleyError(isErrorCode(code) ? code : 'INTERNAL', first.message, { cause: errors });
  }
  if (!data) throw new ParleyError('INTERNAL', `The peer ${peer} answered without data.`);
  return data as Data;
}
