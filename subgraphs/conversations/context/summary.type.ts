import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { ConversationEventType } from '../event.type.ts';
import { AgentStub } from '../participant.type.ts';

@ObjectType('ContextSummary', {
  simpleResolvers: true,
  description:
    'What an agent is told in place of the older messages of a room, once they no longer fit. It never changes: what is folded later makes a new one.',
})
export class ContextSummaryType {
  @Field(() => ID)
  id!: string;

  @Field(() => AgentStub, { description: 'Whose it is: others in the room have their own.' })
  agent!: AgentStub;

  @Field(() => String)
  text!: string;

  @Field(() => ID, { description: 'The newest message in it. What was written later is shown to the agent as it is.' })
  upToMessageId!: string;

  @Field(() => Int, { description: 'Messages in it, those of the summary before included.' })
  messageCount!: number;

  @Field(() => Int, { description: 'About how many tokens it stands for: messages and the summary before.' })
  foldedTokens!: number;

  @Field(() => Int, { description: 'About how many tokens it takes.' })
  tokens!: number;

  @Field(() => String, { description: 'That of the agent, which wrote it.' })
  model!: string;

  @Field(() => ID, { description: 'The run in which it was made. Its call is one of its steps.' })
  runId!: string;

  @Field(() => Date)
  createdAt!: Date;
}

@ObjectType('ContextSummaryEdge', { simpleResolvers: true, description: 'A summary and where it stands in the list.' })
export class ContextSummaryEdge extends edgeOf(() => ContextSummaryType) {}

@ObjectType('ContextSummaryConnection', {
  simpleResolvers: true,
  description: 'A page of summaries, the newest first.',
})
export class ContextSummaryConnection extends connectionOf(
  () => ContextSummaryEdge,
  () => ContextSummaryType,
) {}

@ObjectType('ContextFolded', {
  implements: ConversationEventType,
  simpleResolvers: true,
  description:
    'The older messages of the room were folded into a summary for one of its agents. Nobody else loses them.',
})
export class ContextFoldedType extends ConversationEventType {
  @Field(() => AgentStub)
  agent!: AgentStub;

  @Field(() => ID, { description: 'The newest message in it.' })
  upToMessageId!: string;

  @Field(() => Int, { description: 'Messages in it, those of the summary before included.' })
  messageCount!: number;

  @Field(() => ContextSummaryType, {
    nullable: true,
    description: 'Null where it is gone: for its age, or since somebody in it was erased.',
  })
  summary!: unknown;
}
