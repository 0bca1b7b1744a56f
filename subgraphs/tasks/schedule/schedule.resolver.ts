import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { TaskSchedule } from '#prisma/generated/client';
import type { ScheduleService } from './schedule.service.ts';
import {
  CreateScheduleInput,
  DeleteSchedulePayload,
  ScheduleInput,
  SchedulePayload,
  TaskScheduleConnection,
  TaskScheduleType,
} from './schedule.type.ts';

const present = ({ createdById, everyMs, ...row }: TaskSchedule): TaskScheduleType => ({
  ...(row as unknown as TaskScheduleType),
  everyMs: everyMs === null ? null : Number(everyMs),
  createdBy: { id: createdById },
});

@Resolver(() => TaskScheduleType)
export class ScheduleResolver {
  constructor(private readonly schedules: ScheduleService) {}

  @Query(() => TaskScheduleConnection, { description: 'The schedules of the organization, the oldest first.' })
  taskSchedules(
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
  ) {
    return this.schedules.list({ first, after }, present);
  }

  @Query(() => TaskScheduleType, { nullable: true, description: 'NOT_FOUND where there is none of this id.' })
  async taskSchedule(@Arg('id', () => ID) id: string): Promise<TaskScheduleType> {
    return present(await this.schedules.find(id));
  }

  @FieldResolver(() => [Date], { description: 'The next times at which a task comes of it; none while it is paused.' })
  nextRuns(
    @Root() schedule: TaskScheduleType,
    @Arg('count', () => Int, { defaultValue: 5, description: '100 at most.' }) count: number,
  ): Promise<Date[]> {
    return this.schedules.nextRuns(schedule.id, count);
  }

  @Mutation(() => SchedulePayload, {
    description: 'Has tasks made when their time comes, on behalf of whoever asks for it.',
  })
  async createSchedule(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateScheduleInput) input: CreateScheduleInput,
  ): Promise<SchedulePayload> {
    return { schedule: present(await this.schedules.create(requireViewer(context.viewer), input)) };
  }

  @Mutation(() => SchedulePayload, {
    description: 'Has no task come of a schedule until it is resumed. Those that there are go on.',
  })
  async pauseSchedule(
    @Ctx() context: RequestContext,
    @Arg('input', () => ScheduleInput) { scheduleId }: ScheduleInput,
  ): Promise<SchedulePayload> {
    return { schedule: present(await this.schedules.pause(requireViewer(context.viewer), scheduleId)) };
  }

  @Mutation(() => SchedulePayload, {
    description: 'Goes on with the next time of a schedule; those that came meanwhile are over.',
  })
  async resumeSchedule(
    @Ctx() context: RequestContext,
    @Arg('input', () => ScheduleInput) { scheduleId }: ScheduleInput,
  ): Promise<SchedulePayload> {
    return { schedule: present(await this.schedules.resume(requireViewer(context.viewer), scheduleId)) };
  }

  @Mutation(() => DeleteSchedulePayload, { description: 'Removes a schedule. Its tasks stay.' })
  async deleteSchedule(
    @Ctx() context: RequestContext,
    @Arg('input', () => ScheduleInput) { scheduleId }: ScheduleInput,
  ): Promise<DeleteSchedulePayload> {
    return { deletedScheduleId: await this.schedules.delete(requireViewer(context.viewer), scheduleId) };
  }
}
