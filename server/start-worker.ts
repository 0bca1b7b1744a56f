import { runInOrg } from '#core/database/tenant';
import { createJobWorker } from '#core/job/worker';
import type { Kernel } from '#core/kernel';
import { startMaintenance } from '#core/maintenance/maintenance';
import type { Metrics } from '#core/metrics';
import { createOutboxRelay } from '#core/outbox/relay';
import { onEvents } from '#core/outbox/wake';
import type { Subgraph } from '#core/subgraph/subgraph';

export interface WorkerOptions {
  kernel: Kernel;
  subgraphs: readonly Subgraph[];
  metrics: Metrics;
  /** Whether no other process can be at work: then what a crash left behind is taken up at once. */
  alone: boolean;
}

export interface RunningWorker {
  close(): Promise<void>;
}

/** Starts what happens without being asked: jobs, events on their way, sweeps, retention. */
export async function startWorker({ kernel, subgraphs, metrics, alone }: WorkerOptions): Promise<RunningWorker> {
  const { database, transactions, environment, log, instanceId } = kernel;
  const relay = createOutboxRelay({
    database,
    transactions,
    consumers: subgraphs.flatMap((subgraph) => subgraph.consumers),
    log,
    instanceId,
  });
  if (alone) await relay.resetLeases();
  const worker = await createJobWorker({
    databaseUrl: database.url,
    redisUrl: environment.REDIS_URL ?? null,
    handlers: subgraphs.flatMap((subgraph) => subgraph.jobs),
    log,
    orgRunner: runInOrg,
    alone,
    onOutcome: ({ job, outcome, runMs }) => metrics.jobs.observe({ job, outcome }, runMs / 1000),
  });
  relay.start();
  const stopListening = await onEvents(kernel.bus, () => relay.wake());
  const stops = await Promise.all(subgraphs.map((subgraph) => subgraph.startWorker?.({ alone })));
  const stopMaintenance = startMaintenance({ database, log, streamRetentionDays: environment.STREAM_RETENTION_DAYS });
  const graceMs = environment.SHUTDOWN_GRACE_SECONDS * 1_000;
  return {
    async close() {
      stopListening();
      await Promise.all(stops.map((stop) => stop?.()));
      await Promise.all([worker.close({ graceMs }), relay.close(), stopMaintenance()]);
    },
  };
}
