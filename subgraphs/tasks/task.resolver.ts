import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { notFound } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { DeadLetterService } from './dead-letter.service.ts';
import { TaskExecutionConnection, TaskExecutionType, TaskLogLineConnection } from './execution.type.ts';
import { TaskJobConnection, TaskJobType } from './job.type.ts';
import type { TaskKinds } from './kind/catalog.ts';
import {
  CancelTaskInput,
  CancelTaskPayload,
  CreateTaskInput,
  CreateTaskPayload,
  DeadLetterFilter,
  ReplayDeadLettersInput,
  ReplayDeadLettersPayload,
  TaskFilter,
  TaskKindType,
} from './task.input.ts';
import type { TaskLoadersOf } from './task.loaders.ts';
import { presentExecution, presentJob, presentTask } from './task.presenter.ts';
import type { TaskService } from './task.service.ts';
import { TaskConnection, TaskType } from './task.type.ts';
import type { TaskPartsService } from './task-parts.service.ts';

const FIRST = '20 unless given; 100 at most.';
const AFTER = 'The cursor to go on behind.';

/** Of those replayed, how many the answer shows. */
const MAX_SHOWN = 100;

@Resolver(() => TaskType)
export class TaskResolver {
  constructor(
    private readonly tasks: TaskService,
    private readonly parts: TaskPartsService,
    private readonly deadLetterService: DeadLetterService,
    private readonly kinds: TaskKinds,
    private readonly loaders: TaskLoadersOf,
  ) {}

  @Query(() => [TaskKindType], { description: 'What tasks can be, and what each takes.' })
  taskKinds(): TaskKindType[] {
    return [...this.kinds.values()].map(({ name, description, input }) => ({
      name,
      description,
      inputSchema: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
    }));
  }

  @Query(() => TaskType, { name: 'task', nullable: true, description: 'NOT_FOUND where you may not see it.' })
  async find(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<TaskType> {
    const row = await this.tasks.find(requireViewer(context.viewer), id, this.loaders(context));
    if (!row) throw notFound('task');
    return presentTask(row);
  }

  @Query(() => TaskConnection, {
    name: 'tasks',
    description: 'Your own tasks, or all where you manage them, the newest first.',
  })
  list(
    @Ctx() context: RequestContext,
    @Arg('filter', () => TaskFilter, { nullable: true }) filter?: TaskFilter | null,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    return this.tasks.list(requireViewer(context.viewer), filter ?? {}, { first, after }, presentTask);
  }

  @Query(() => TaskJobConnection, {
    description: 'Jobs that nobody tries any more, of tasks that you may see, the oldest first.',
  })
  deadLetters(
    @Ctx() context: RequestContext,
    @Arg('filter', () => DeadLetterFilter, { nullable: true }) filter?: DeadLetterFilter | null,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    return this.parts.deadLetters(requireViewer(context.viewer), filter ?? {}, { first, after }, presentJob);
  }

  @Mutation(() => CreateTaskPayload, {
    description: 'Accepts something to be done. Once it is answered it is stored, and done whatever is lost meanwhile.',
  })
  async createTask(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateTaskInput) input: CreateTaskInput,
  ): Promise<CreateTaskPayload> {
    const { task, deduplicated } = await this.tasks.create(requireViewer(context.viewer), input);
    return { task: presentTask(task), deduplicated };
  }

  @Mutation(() => CancelTaskPayload, {
    description:
      'Stops a task: what waits is not begun, what is under way is stopped, runs that it has started included.',
  })
  async cancelTask(
    @Ctx() context: RequestContext,
    @Arg('input', () => CancelTaskInput) { taskId }: CancelTaskInput,
  ): Promise<CancelTaskPayload> {
    return { task: presentTask(await this.tasks.cancel(requireViewer(context.viewer), taskId, this.loaders(context))) };
  }

  @Mutation(() => ReplayDeadLettersPayload, {
    description:
      'Begins dead jobs anew, with all of their attempts. What else of their tasks has succeeded stays done.',
  })
  async replayDeadLetters(
    @Ctx() context: RequestContext,
    @Arg('input', () => ReplayDeadLettersInput) input: ReplayDeadLettersInput,
  ): Promise<ReplayDeadLettersPayload> {
    const jobs = await this.deadLetterService.replay(requireViewer(context.viewer), input);
    return { replayedCount: jobs.length, jobs: jobs.slice(0, MAX_SHOWN).map(presentJob) };
  }

  @FieldResolver(() => TaskJobConnection, { description: 'What it consists of, in order.' })
  jobs(
    @Ctx() context: RequestContext,
    @Root() task: TaskType,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    return this.parts.jobs(task.id, { first, after }, this.loaders(context), presentJob);
  }
}

@Resolver(() => TaskJobType)
export class TaskJobResolver {
  constructor(
    private readonly parts: TaskPartsService,
    private readonly loaders: TaskLoadersOf,
  ) {}

  @FieldResolver(() => TaskExecutionConnection, { description: 'Its attempts, the first one first.' })
  executions(
    @Ctx() context: RequestContext,
    @Root() job: TaskJobType,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    return this.parts.executions(job.id, { first, after }, this.loaders(context), presentExecution);
  }
}

@Resolver(() => TaskExecutionType)
export class TaskExecutionResolver {
  constructor(
    private readonly parts: TaskPartsService,
    private readonly loaders: TaskLoadersOf,
  ) {}

  @FieldResolver(() => TaskLogLineConnection, { description: 'What it had to say, the first line first.' })
  logs(
    @Ctx() context: RequestContext,
    @Root() execution: TaskExecutionType,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first?: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string,
  ) {
    return this.parts.logs(execution.id, { first, after }, this.loaders(context));
  }
}
