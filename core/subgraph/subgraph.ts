import type { GraphQLSchema } from 'graphql';
import type { JobHandler } from '#core/job/job';
import type { AnyConsumer } from '#core/outbox/consumer';
import type { FileDoor } from './file-door.ts';

/** The names of the subgraphs, which are also the names of their roles. */
export const SUBGRAPH_NAMES = ['identity', 'agents', 'conversations', 'tasks', 'rules', 'events'] as const;

export type SubgraphName = (typeof SUBGRAPH_NAMES)[number];

/** A subgraph, composed: what its `index.ts` returns. */
export interface Subgraph {
  name: SubgraphName;
  /** Executable, federated, with a rule on every field. */
  schema: GraphQLSchema;
  /** Where it gives and takes files, if it keeps any. */
  door?: FileDoor;
  /** Work for the process that has the worker role. */
  jobs: JobHandler[];
  /** Reactions to events, run by the worker role as well. */
  consumers: AnyConsumer[];
  /**
   * Starts timers and the like in the worker role; the function returned stops them. `alone`: no other process can be at
   * work, so what a crash left claimed is free.
   */
  startWorker?(options: { alone: boolean }): Promise<() => Promise<void>>;
  /** Frees what the composition opened. */
  close?(): Promise<void>;
}
