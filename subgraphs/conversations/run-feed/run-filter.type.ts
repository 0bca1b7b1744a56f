import { Field, ID, InputType } from 'type-graphql';
import { RunState } from '../run.type.ts';

@InputType({ description: 'Which runs. What is left out does not matter; an empty list of states fits none.' })
export class RunFilter {
  @Field(() => ID, { nullable: true })
  conversationId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Whose answer it is: the agent or the team of the room.' })
  agentId?: string | null;

  @Field(() => [RunState], { nullable: true })
  states?: RunState[] | null;

  @Field(() => Date, { nullable: true, description: 'Asked for at this moment or later.' })
  from?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Asked for before this moment.' })
  until?: Date | null;
}
