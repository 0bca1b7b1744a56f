import { handleJob } from '#core/job/job';
import type { Kernel } from '#core/kernel';
import { buildFederatedSchema } from '#core/subgraph/build-schema';
import type { Subgraph } from '#core/subgraph/subgraph';
import { requireViewer } from '#core/viewer';
import { DeadLetterService } from './dead-letter.service.ts';
import { createTaskEventResolver } from './event/task-event.resolver.ts';
import { TaskEventService } from './event/task-event.service.ts';
import { TASK_EVENT_TYPES } from './event/task-event.type.ts';
import { enqueueConsumer, runFinishedConsumer } from './execution/consumers.ts';
import { runTaskJob } from './execution/job.ts';
import { Leases } from './execution/leases.ts';
import { ruleTaskConsumer } from './execution/rule-task.consumer.ts';
import { JobRunner } from './execution/run-job.ts';
import { releaseClaims, startSweep } from './execution/sweep.ts';
import { TaskWriter } from './execution/task-writer.ts';
import { Wake } from './execution/wake.ts';
import { createKinds } from './kind/catalog.ts';
import { isComposite } from './kind/kind.ts';
import { Throughput } from './monitor/throughput.ts';
import { Workers } from './monitor/workers.ts';
import { permissions } from './permissions.ts';
import { Principals } from './principals.ts';
import { createQueueResolver } from './queue/queue.resolver.ts';
import { QueueService } from './queue/queue.service.ts';
import { QueueSignals } from './queue/queue-signal.ts';
import { QueueStats } from './queue/queue-stats.ts';
import { startScheduleClock } from './schedule/fire.ts';
import { ScheduleResolver } from './schedule/schedule.resolver.ts';
import { ScheduleService } from './schedule/schedule.service.ts';
import { StartTaskResolver } from './start-task.resolver.ts';
import { createTaskLoaders } from './task.loaders.ts';
import { presentTask } from './task.presenter.ts';
import { TaskExecutionResolver, TaskJobResolver, TaskResolver } from './task.resolver.ts';
import { TaskService } from './task.service.ts';
import { TaskPartsService } from './task-parts.service.ts';

/** How long an attempt at what is of no known kind may take, in milliseconds: it fails at once. */
const UNKNOWN_KIND_MS = 10_000;

/** Composes the tasks subgraph: durable work, its queues and schedules. */
export async function createTasks(kernel: Kernel): Promise<Subgraph> {
  const { database, transactions, streams, bus, jobs, peers, log, instanceId } = kernel;
  const kinds = createKinds(kernel);
  const signals = new QueueSignals(bus);
  const wake = new Wake(jobs, database.systemPool, log);
  const writer = new TaskWriter(transactions, streams, wake, signals);
  const principals = new Principals(peers);
  const leases = new Leases(database, log);
  const tasks = new TaskService({ database, writer, kinds, leases, principals });
  const loaders = createTaskLoaders(database);
  const parts = new TaskPartsService(database);
  const workers = new Workers(database, instanceId, log);
  const runner = new JobRunner({
    writer,
    kinds,
    leases,
    principals,
    workerId: instanceId,
    timeoutOf: (name) => {
      const kind = kinds.get(name);
      return kind && !isComposite(kind) ? kind.attemptTimeoutMs : UNKNOWN_KIND_MS;
    },
  });

  const schema = await buildFederatedSchema({
    resolvers: [
      new TaskResolver(tasks, parts, new DeadLetterService(database, writer), kinds, loaders),
      new StartTaskResolver(tasks),
      new TaskJobResolver(parts, loaders),
      new TaskExecutionResolver(parts, loaders),
      createQueueResolver({
        throughput: new Throughput(database),
        queues: new QueueService(database, writer, signals),
        stats: new QueueStats(database, signals, log),
        workers,
      }),
      new ScheduleResolver(new ScheduleService(database, transactions, writer, tasks)),
      createTaskEventResolver(new TaskEventService(streams, tasks), loaders),
    ],
    orphanedTypes: TASK_EVENT_TYPES,
    permissions,
    references: {
      Task: async ({ id }, context) => {
        const row = await tasks.find(requireViewer(context.viewer), id, loaders(context));
        return row && presentTask(row);
      },
    },
  });

  return {
    name: 'tasks',
    schema,
    jobs: [handleJob(runTaskJob, (payload, context) => runner.run(payload, context))],
    consumers: [enqueueConsumer(wake), runFinishedConsumer(writer), ruleTaskConsumer(tasks, log)],
    close: async () => signals.close(),
    async startWorker({ alone }) {
      if (alone) await releaseClaims(database, instanceId);
      const stops = [
        workers.start(),
        startSweep({ database, writer, wake, kinds, log }),
        startScheduleClock({ database, writer, kinds, log }),
      ];
      return async () => void (await Promise.all(stops.map((stop) => stop())));
    },
  };
}
