import { Supergraph } from '@apollo/federation-internals';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { readEnvironment } from '#core/environment';
import { newId } from '#core/id';
import { createLog } from '#core/log';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import { SUBGRAPH_NAMES, type SubgraphName } from '#core/subgraph/subgraph';
import type { Viewer } from '#core/viewer';
import { composeSupergraph } from '#gateway/compose';
import { readSchemas } from '#gateway/subgraph-source';
import { composeSubgraphs } from '#server/compose-subgraphs';
import { openKernel } from '#server/open-kernel';
import { permissions as agents } from '#subgraphs/agents/permissions';
import { permissions as conversations } from '#subgraphs/conversations/permissions';
import { permissions as events } from '#subgraphs/events/permissions';
import { permissions as identity } from '#subgraphs/identity/permissions';
import { permissions as rules } from '#subgraphs/rules/permissions';
import { permissions as tasks } from '#subgraphs/tasks/permissions';
import { TEST_SECRETS } from '../support/server.ts';

/** The rules of each subgraph: type, field, rule. */
export const PERMISSIONS: Record<SubgraphName, Record<string, Record<string, unknown>>> = {
  identity,
  agents,
  conversations,
  events,
  rules,
  tasks,
};

export interface OpenSubgraphs {
  /** What each subgraph serves to the gateway and to its peers, hidden fields included. */
  schemas: ReadonlyMap<SubgraphName, GraphQLSchema>;
  /** What clients see. */
  apiSchema: GraphQLSchema;
  /** Asks a subgraph as the gateway would for this viewer: past everything that only the gateway checks. */
  ask(subgraph: SubgraphName, viewer: Viewer | null, query: string, variables?: object): Promise<ExecutionResult>;
  close(): Promise<void>;
}

/** The subgraphs alone, on a database that a test server may be using as well. */
export async function openSubgraphs(databaseUrl: string): Promise<OpenSubgraphs> {
  const read = readEnvironment({});
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  const executors = new Map<string, SubgraphExecutor>();
  const log = createLog({ level: 'silent', pretty: false });
  const { environment } = read;
  const kernel = await openKernel({
    environment,
    secrets: TEST_SECRETS,
    log,
    databaseUrl,
    dataFolder: environment.PARLEY_DATA,
    local: executors,
    remoteOf: null,
  });
  const subgraphs = await composeSubgraphs(kernel, new Set(SUBGRAPH_NAMES), executors);
  const sdl = await readSchemas({ names: SUBGRAPH_NAMES, local: executors, remote: null, log });
  const supergraph = Supergraph.build(await composeSupergraph(sdl, null));
  return {
    schemas: new Map(subgraphs.map(({ name, schema }) => [name, schema])),
    apiSchema: supergraph.apiSchema().toGraphQLJSSchema(),
    async ask(subgraph, viewer, query, variables = {}) {
      const executor = executors.get(subgraph);
      if (!executor) throw new Error(`There is no subgraph ${subgraph}.`);
      const client = { ip: '192.0.2.1', userAgent: null };
      const envelope = { requestId: newId(), viewer, client, idempotencyKey: null };
      return executor.execute({ query, variables: { ...variables }, envelope });
    },
    async close() {
      for (const subgraph of subgraphs) await subgraph.close?.();
      await kernel.close();
    },
  };
}
