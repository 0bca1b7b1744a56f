import type { Kernel } from '#core/kernel';
import { buildFederatedSchema } from '#core/subgraph/build-schema';
import type { Subgraph } from '#core/subgraph/subgraph';
import { createAudit } from './audit/create-audit.ts';
import { createEventResolver } from './log/event.resolver.ts';
import { EventLog } from './log/event-log.ts';
import { eventRecorder } from './log/event-recorder.ts';
import { RoomSight } from './log/room-sight.ts';
import { permissions } from './permissions.ts';
import { createWebhooks } from './webhook/create-webhooks.ts';

/** Composes the events subgraph. */
export async function createEvents(kernel: Kernel): Promise<Subgraph> {
  const { database, streams, peers, log } = kernel;
  const rooms = new RoomSight(peers);
  const events = new EventLog(database, rooms);
  const audit = createAudit(kernel);
  const webhooks = createWebhooks(kernel);
  const schema = await buildFederatedSchema({
    resolvers: [createEventResolver({ log: events, rooms, streams }), ...audit.resolvers, webhooks.resolver],
    permissions,
  });
  return {
    name: 'events',
    schema,
    jobs: [...audit.jobs, ...webhooks.jobs],
    consumers: [eventRecorder(streams, log, [audit.step, webhooks.step])],
    async startWorker() {
      const stops = [audit.startSweep(), webhooks.startSweep()];
      return async () => void (await Promise.all(stops.map((stop) => stop())));
    },
  };
}
