import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import type { Job, Task, TaskExecution } from '#prisma/generated/client';
import { taskEvent } from '../event/task-event.ts';
import type { QueueSignals } from '../queue/queue-signal.ts';
import { presentExecution, presentJob, presentTask } from '../task.presenter.ts';
import type { QueuePlace, Wake, WakeOptions } from './wake.ts';

/** A transaction on tasks: what is told of it is appended at its end and shown once it is committed. */
export interface TaskUnit {
  readonly tx: RawTransaction;
  readonly emit: Unit<RawTransaction>['emit'];
  readonly afterCommit: Unit<RawTransaction>['afterCommit'];
  tell(...events: StreamAppend[]): void;
  /** Has a worker look at it once this is committed, and not before it may run. */
  wake(job: Pick<Job, 'id' | 'orgId' | 'runAfter'>): void;
  /** Something else of the queue, or of the concurrency key, may begin, now or after a while. */
  wakeQueue(place: QueuePlace, options?: WakeOptions): void;
}

/** Writes tasks, and tells of it: the one way to do so. */
export class TaskWriter {
  constructor(
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly waker: Wake,
    private readonly signals: QueueSignals,
  ) {}

  write<T>(work: (unit: TaskUnit) => Promise<T>): Promise<T> {
    return this.transactions.direct((unit) => this.within(unit, work));
  }

  /** The same within a transaction that somebody else has begun. */
  async within<T>(unit: Unit<RawTransaction>, work: (unit: TaskUnit) => Promise<T>): Promise<T> {
    const told: StreamAppend[] = [];
    const made = await work({
      tx: unit.tx,
      emit: unit.emit,
      afterCommit: unit.afterCommit,
      tell: (...events) => void told.push(...events),
      wake: (job) => unit.afterCommit(() => this.waker.job(job)),
      wakeQueue: (place, options) => unit.afterCommit(() => this.waker.queue(place, options)),
    });
    await this.append(unit, told);
    return made;
  }

  /** In the order of their streams: two transactions that tell of the same tasks must not wait for each other. */
  private async append(unit: Unit<RawTransaction>, told: StreamAppend[]): Promise<void> {
    for (const topic of [...new Set(told.map((event) => event.topic))].sort()) {
      const events = await this.streams.appendIn(
        unit.tx,
        told.filter((event) => event.topic === topic),
      );
      unit.afterCommit(() => this.streams.publish(topic, events));
    }
    const orgId = told[0]?.orgId;
    if (orgId) unit.afterCommit(() => this.signals.announce(orgId));
  }
}

export const taskChanged = (task: Task) => taskEvent(task, 'TaskChanged', { task: presentTask(task) });

export const jobChanged = (job: Job) =>
  taskEvent({ id: job.taskId, orgId: job.orgId }, 'TaskJobChanged', { job: presentJob(job) });

export const executionChanged = (execution: TaskExecution) =>
  taskEvent({ id: execution.taskId, orgId: execution.orgId }, 'TaskExecutionChanged', {
    execution: presentExecution(execution),
  });
