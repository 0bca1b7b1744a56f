import { Arg, Ctx, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { Throughput } from '../monitor/throughput.ts';
import type { Workers } from '../monitor/workers.ts';
import { DEFAULT_QUEUE } from '../task.input.ts';
import type { QueueRow, QueueService } from './queue.service.ts';
import {
  QueueInput,
  QueuePayload,
  TaskQueueStatsType,
  TaskQueueType,
  TaskThroughputFilter,
  TaskThroughputType,
  TaskWorkerType,
  UpdateQueueInput,
} from './queue.type.ts';
import type { QueueStats } from './queue-stats.ts';

export interface QueueResolverOptions {
  throughput: Throughput;
  queues: QueueService;
  stats: QueueStats;
  workers: Workers;
}

const NAME = { nullable: true, description: '`default` unless given.' };

/** type-graphql makes the stream outside of any instance, so the services come with the class. */
export function createQueueResolver({ throughput, queues, stats, workers }: QueueResolverOptions): object {
  const follow = ({ args, context }: { args: { queue?: string | null }; context: RequestContext }) =>
    stats.follow(requireViewer(context.viewer).orgId, args.queue ?? DEFAULT_QUEUE);
  const present = async (rows: QueueRow[]): Promise<TaskQueueType[]> => {
    const all = await stats.of(rows.map(({ name }) => name));
    return rows.map((row, index) => ({ ...row, stats: all[index] as TaskQueueStatsType }));
  };
  const payloadOf = async (row: QueueRow): Promise<QueuePayload> => ({
    queue: (await present([row]))[0] as TaskQueueType,
  });

  @Resolver()
  class QueueResolver {
    @Query(() => [TaskQueueType], {
      description: 'The queues of the organization that have settings or jobs, the first 100 by name.',
    })
    async taskQueues(): Promise<TaskQueueType[]> {
      return present(await queues.list());
    }

    @Query(() => TaskQueueStatsType, { description: 'How a queue stands now.' })
    async queueStats(@Arg('queue', () => String, NAME) queue?: string | null): Promise<TaskQueueStatsType> {
      const [now] = await stats.of([queue ?? DEFAULT_QUEUE]);
      return now as TaskQueueStatsType;
    }

    @Query(() => [TaskThroughputType], {
      description:
        'What was done of each kind of work over time, the oldest span first; spans in which nothing ended are left out.',
    })
    taskThroughput(
      @Arg('filter', () => TaskThroughputFilter, { nullable: true }) filter?: TaskThroughputFilter | null,
    ): Promise<TaskThroughputType[]> {
      return throughput.read(filter ?? {});
    }

    @Query(() => [TaskWorkerType], {
      description: 'The processes that work on jobs, those that were lost within the last hour among them.',
    })
    taskWorkers(@Ctx() context: RequestContext): Promise<TaskWorkerType[]> {
      return workers.list(requireViewer(context.viewer).orgId);
    }

    @Mutation(() => QueuePayload, {
      description: 'Sets how many jobs of a queue are under way at once, and how fast they begin.',
    })
    async updateQueue(
      @Ctx() context: RequestContext,
      @Arg('input', () => UpdateQueueInput) input: UpdateQueueInput,
    ): Promise<QueuePayload> {
      return payloadOf(await queues.update(requireViewer(context.viewer), input));
    }

    @Mutation(() => QueuePayload, {
      description: 'Has nothing of a queue begin until it is resumed. Tasks are accepted all the same.',
    })
    async pauseQueue(
      @Ctx() context: RequestContext,
      @Arg('input', () => QueueInput) input: QueueInput,
    ): Promise<QueuePayload> {
      return payloadOf(await queues.pause(requireViewer(context.viewer), input));
    }

    @Mutation(() => QueuePayload, { description: 'Lets jobs of a queue begin again, and the queue take new tasks.' })
    async resumeQueue(
      @Ctx() context: RequestContext,
      @Arg('input', () => QueueInput) input: QueueInput,
    ): Promise<QueuePayload> {
      return payloadOf(await queues.resume(requireViewer(context.viewer), input));
    }

    @Mutation(() => QueuePayload, {
      description: 'Has a queue take no new tasks until it is resumed; what is in it is done.',
    })
    async drainQueue(
      @Ctx() context: RequestContext,
      @Arg('input', () => QueueInput) input: QueueInput,
    ): Promise<QueuePayload> {
      return payloadOf(await queues.drain(requireViewer(context.viewer), input));
    }

    @Subscription(() => TaskQueueStatsType, {
      name: 'queueStats',
      subscribe: follow as never,
      description: 'How a queue stands: first as it is now, then whenever it has changed.',
    })
    queueStatsChanged(
      @Root() now: TaskQueueStatsType,
      @Arg('queue', () => String, NAME) _queue?: string | null,
    ): TaskQueueStatsType {
      return now;
    }
  }
  return new QueueResolver();
}
