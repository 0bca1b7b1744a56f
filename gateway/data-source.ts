import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { ExecutionResult } from 'graphql';
import { newId } from '#core/id';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import type { RequestEnvelope, SubgraphOperation } from '#core/subgraph/operation';
import type { RemoteCaller } from '#core/subgraph/remote-call';
import type { GatewayContext } from './context.ts';
import type { JoinFetch } from './subscription/join-source.ts';

type Processed = ReturnType<GraphQLDataSource['process']>;

/** Who asks when the gateway itself does: nobody. */
export const anonymousEnvelope = (): RequestEnvelope => ({
  requestId: newId(),
  viewer: null,
  client: { ip: null, userAgent: null },
  idempotencyKey: null,
});

const toOperation = ({ request, context }: GraphQLDataSourceProcessOptions): SubgraphOperation => ({
  query: request.query ?? '',
  variables: request.variables,
  operationName: request.operationName,
  envelope: (context as GatewayContext).envelope ?? anonymousEnvelope(),
});

/** Fetches from a subgraph that lives in this process, without a hop. */
export class LocalDataSource implements GraphQLDataSource {
  constructor(private readonly executor: SubgraphExecutor) {}

  async process(options: GraphQLDataSourceProcessOptions): Processed {
    return (await this.executor.execute(toOperation(options))) as Awaited<Processed>;
  }
}

/** When nobody waits for a fetch any more. What changes something is seen through: half of it may be done. */
function endOf(options: GraphQLDataSourceProcessOptions, { query }: SubgraphOperation): AbortSignal | undefined {
  if (query.startsWith('mutation')) return undefined;
  const ends = [(options as Partial<JoinFetch>).signal, (options.context as GatewayContext).signal];
  const signals = ends.filter((signal) => signal !== undefined);
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
}

/** Fetches from a subgraph in another process. */
export class RemoteDataSource implements GraphQLDataSource {
  constructor(
    private readonly caller: RemoteCaller,
    private readonly subgraph: string,
  ) {}

  async process(options: GraphQLDataSourceProcessOptions): Processed {
    const operation = toOperation(options);
    const result: ExecutionResult = await this.caller.call(this.subgraph, operation, endOf(options, operation));
    return result as Awaited<Processed>;
  }
}
