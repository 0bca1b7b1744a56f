import { handleJob } from '#core/job/job';
import type { Kernel } from '#core/kernel';
import { erasePerson } from './erasure/erase-person.ts';
import { ErasureResolver } from './erasure/erasure.resolver.ts';
import { ErasureService } from './erasure/erasure.service.ts';
import { PersonErasedType } from './erasure/erasure.type.ts';
import { erasePersonJob } from './erasure/job.ts';
import { ExportResolver } from './export/export.resolver.ts';
import { ExportService } from './export/export.service.ts';
import { ExportReader } from './export/export-reader.ts';
import type { MessageService } from './message.service.ts';
import type { PeerDirectory } from './peer-directory.ts';
import { createPresenceResolver } from './presence/presence.resolver.ts';
import { PresenceService } from './presence/presence.service.ts';
import { PresenceHub } from './presence/presence-hub.ts';
import { ReactionResolver, ReactorResolver } from './reaction/reaction.resolver.ts';
import { ReactionService } from './reaction/reaction.service.ts';
import { ReactionAddedType, ReactionRemovedType } from './reaction/reaction.type.ts';
import { ReadMarkResolver } from './read-mark/read-mark.resolver.ts';
import { ReadMarkService } from './read-mark/read-mark.service.ts';
import { ReadMarkMovedType } from './read-mark/read-mark.type.ts';
import type { RequestScope } from './request-scope.ts';
import { applyRetention } from './retention/apply-retention.ts';
import { applyRetentionJob } from './retention/job.ts';
import { RetentionResolver } from './retention/retention.resolver.ts';
import { RetentionService } from './retention/retention.service.ts';
import type { RoomTurns } from './room-turn.ts';
import { RoomWriter } from './room-writer.ts';
import { SearchResolver } from './search/search.resolver.ts';
import { SearchService } from './search/search.service.ts';

export interface RoomLifeOptions {
  kernel: Kernel;
  messages: MessageService;
  turns: RoomTurns;
  directory: PeerDirectory;
  scope: RequestScope;
  /** Removes the files that no message has any more. */
  sweepFiles(): Promise<void>;
}

/** Interfaces name no implementations: these have to be listed for the schema. */
export const ROOM_LIFE_EVENT_TYPES = [ReactionAddedType, ReactionRemovedType, ReadMarkMovedType, PersonErasedType];

/** Composes what people do in rooms beside writing, and what becomes of what was written. */
export function createRoomLife({ kernel, messages, turns, directory, scope, sweepFiles }: RoomLifeOptions) {
  const { database, transactions, streams, bus, peers, sealer, rateLimits, instanceId } = kernel;
  const rooms = new RoomWriter(transactions, streams, turns);
  const hub = new PresenceHub(bus, instanceId);
  const presences = new PresenceService(database, streams, hub, rateLimits);
  const reader = new ExportReader(database);
  const exports = new ExportService({ database, transactions, sealer, peers, directory, reader });
  const minimumDays = kernel.environment.MIN_RETENTION_DAYS;
  const retention = new RetentionService({ database, transactions, jobs: kernel.jobs, log: kernel.log, minimumDays });
  const erasure = new ErasureService({ database, jobs: kernel.jobs, log: kernel.log });
  return {
    presences,
    resolvers: [
      new ReactionResolver(new ReactionService(database, messages, rooms), scope),
      new ReactorResolver(),
      new ReadMarkResolver(new ReadMarkService(database, rooms), scope),
      createPresenceResolver(presences, scope),
      new SearchResolver(new SearchService(database), scope),
      new ExportResolver(exports, scope),
      new RetentionResolver(retention),
      new ErasureResolver(erasure),
    ],
    jobs: [
      handleJob(applyRetentionJob, ({ orgId }, context) =>
        applyRetention(orgId, { database, transactions, rooms, sweepFiles }, context),
      ),
      handleJob(erasePersonJob, (person, context) =>
        erasePerson(person, { database, transactions, rooms, sweepFiles }, context),
      ),
    ],
    consumers: [erasure.consumer],
    startSweep: () => {
      const stops = [retention.startSweep(), erasure.startSweep()];
      return async () => void (await Promise.all(stops.map((stop) => stop())));
    },
    close: async () => hub.close(),
  };
}
