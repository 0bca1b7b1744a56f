import { Field, ID, InterfaceType, ObjectType } from 'type-graphql';
import { TaskExecutionType, TaskLogLineType } from '../execution.type.ts';
import { TaskJobType } from '../job.type.ts';
import { TaskType } from '../task.type.ts';

@InterfaceType('TaskEvent', {
  description: 'Something that happened to a task.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class TaskEventType {
  @Field(() => String, { description: 'Where it stands: what `after` takes to go on behind it.' })
  cursor!: string;

  @Field(() => Date)
  at!: Date;

  @Field(() => ID)
  taskId!: string;
}

@ObjectType('TaskChanged', {
  simpleResolvers: true,
  implements: TaskEventType,
  description: 'The task as it was then.',
})
export class TaskChangedType extends TaskEventType {
  @Field(() => TaskType)
  task!: TaskType;
}

@ObjectType('TaskJobChanged', {
  simpleResolvers: true,
  implements: TaskEventType,
  description: 'A job as it was then.',
})
export class TaskJobChangedType extends TaskEventType {
  @Field(() => TaskJobType)
  job!: TaskJobType;
}

@ObjectType('TaskExecutionChanged', {
  simpleResolvers: true,
  implements: TaskEventType,
  description: 'An attempt as it was then: begun, further on, or ended.',
})
export class TaskExecutionChangedType extends TaskEventType {
  @Field(() => TaskExecutionType)
  execution!: TaskExecutionType;
}

@ObjectType('TaskLogAdded', {
  simpleResolvers: true,
  implements: TaskEventType,
  description: 'An attempt had something to say.',
})
export class TaskLogAddedType extends TaskEventType {
  @Field(() => ID)
  executionId!: string;

  @Field(() => TaskLogLineType)
  line!: TaskLogLineType;
}

@ObjectType('TaskStreamGap', {
  simpleResolvers: true,
  implements: TaskEventType,
  description: '`after` is older than what is kept: load the task, then go on from here.',
})
export class TaskStreamGapType extends TaskEventType {}

export const TASK_EVENT_TYPES = [
  TaskChangedType,
  TaskJobChangedType,
  TaskExecutionChangedType,
  TaskLogAddedType,
  TaskStreamGapType,
];
