import { Field, ObjectType } from 'type-graphql';
import { ConversationEventType } from '../event.type.ts';
import { StepType } from '../orchestration/step.type.ts';
import { UserStub } from '../participant.type.ts';
import { RunType } from '../run.type.ts';

@ObjectType('RunRollback', {
  simpleResolvers: true,
  description: 'That a run was taken back: agents see nothing more of what it wrote.',
})
export class RunRollbackType {
  @Field(() => Date)
  at!: Date;

  @Field(() => UserStub, { description: 'Whose message took it back.' })
  by!: UserStub;

  @Field(() => [StepType], {
    description:
      'The calls of tools that may have had an effect, which stays: in the order they were made, 100 at most. While the run is not over yet there may come more.',
  })
  sideEffects!: unknown[];
}

@ObjectType('RunRolledBack', {
  implements: ConversationEventType,
  simpleResolvers: true,
  description:
    'A run is cancelled and taken back: what it wrote is marked, and agents see it no more. `run.rollback` says what stays of it.',
})
export class RunRolledBackType extends ConversationEventType {
  @Field(() => RunType, { description: 'As it was at that moment.' })
  run!: unknown;
}
