import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';
import { RunErrorType, RunState } from '../run.type.ts';

@Directive('@inaccessible')
@InputType({ description: 'A run that is to take place on behalf of somebody.' })
export class OrderRunInput {
  @Field(() => ID, {
    description: 'The id that the message is to have. Ordered again with the same one, nothing is done twice.',
  })
  messageId!: string;

  @Field(() => ID)
  agentId!: string;

  @Field(() => String)
  text!: string;

  @Field(() => ID, { nullable: true, description: 'Left out: a room of its own, under the id of the message.' })
  conversationId?: string | null;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'A run that was ordered, as far as it is.' })
export class OrderedRun {
  @Field(() => ID)
  runId!: string;

  @Field(() => ID)
  conversationId!: string;

  @Field(() => RunState)
  state!: RunState;

  @Field(() => String, { description: 'What was answered, once it has ended.' })
  text!: string;

  @Field(() => RunErrorType, { nullable: true })
  error!: RunErrorType | null;
}
