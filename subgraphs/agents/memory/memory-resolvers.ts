import type { Kernel } from '#core/kernel';
import type { AgentLoadersOf } from '../agent.loaders.ts';
import { createMemoryLoaders } from './memory.loaders.ts';
import { MemoryResolver, MemoryRevisionResolver } from './memory.resolver.ts';
import { MemoryService } from './memory.service.ts';
import { MemoryPeerResolver } from './memory-peer.resolver.ts';
import { MemoryReader } from './memory-reader.ts';
import { MemoryRooms } from './memory-rooms.ts';
import { MemoryForRun } from './memory-run.service.ts';

/** Puts the parts of memory together: the resolvers of the subgraph that are about it. */
export function createMemoryResolvers(
  { database, transactions, peers }: Pick<Kernel, 'database' | 'transactions' | 'peers'>,
  agents: AgentLoadersOf,
) {
  const rooms = new MemoryRooms(peers);
  const reader = new MemoryReader(database, rooms);
  return [
    new MemoryResolver(reader, new MemoryService(transactions, reader, rooms), createMemoryLoaders(database), agents),
    new MemoryRevisionResolver(agents),
    new MemoryPeerResolver(new MemoryForRun(database, transactions)),
  ];
}
