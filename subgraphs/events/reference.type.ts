import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', { simpleResolvers: true })
export class UserStub {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Agent', { simpleResolvers: true })
export class AgentStub {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Conversation', { simpleResolvers: true })
export class ConversationStub {
  @Field(() => ID)
  id!: string;
}

/** What refers to a thing of another subgraph, or null. */
export const reference = (id: string | null): { id: string } | null => (id === null ? null : { id });
