import { GraphQLJSON } from 'graphql-scalars';
import { Arg, Ctx, Directive, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { TaskService } from './task.service.ts';
import { TaskState } from './task.type.ts';

@Directive('@inaccessible')
@InputType({ description: 'A task that a part of Parley asks for on behalf of somebody.' })
export class StartTaskInput {
  @Field(() => String)
  kind!: string;

  @Field(() => GraphQLJSON)
  input!: unknown;

  @Field(() => Date, { nullable: true, description: 'Not before then.' })
  startAfter?: Date | null;

  @Field(() => String, { description: 'Asked again with the same one, there is one task.' })
  originKey!: string;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'The task that was asked for.' })
export class StartedTask {
  @Field(() => ID)
  taskId!: string;

  @Field(() => TaskState)
  state!: TaskState;
}

/** What the owner of tools asks, on behalf of whoever a run is for. The gateway shows this field to nobody. */
@Resolver()
export class StartTaskResolver {
  constructor(private readonly tasks: TaskService) {}

  @Directive('@inaccessible')
  @Mutation(() => StartedTask, {
    description: 'Accepts a task on behalf of the viewer, as far as he himself may create it now.',
  })
  async startTask(
    @Ctx() context: RequestContext,
    @Arg('input', () => StartTaskInput) { originKey, ...input }: StartTaskInput,
  ): Promise<StartedTask> {
    const { task } = await this.tasks.startFor(requireViewer(context.viewer), input, originKey);
    return { taskId: task.id, state: task.state as TaskState };
  }
}
