import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { AgentStub, ConversationStub, UserStub } from '../reference.type.ts';

@ObjectType('EventSubject', { simpleResolvers: true, description: 'What an event is about.' })
export class EventSubjectType {
  @Field(() => String, { description: 'The kind of thing: `AGENT`, `CONVERSATION`, `API_KEY` and the like.' })
  kind!: string;

  @Field(() => ID, { nullable: true })
  id!: string | null;
}

@ObjectType('EventActor', { simpleResolvers: true, description: 'Who caused an event.' })
export class EventActorType {
  @Field(() => UserStub, { description: 'The person or service account whose doing it is.' })
  user!: UserStub;

  @Field(() => AgentStub, { nullable: true, description: 'The agent that did it in the name of `user`.' })
  agent!: AgentStub | null;

  @Field(() => String, { nullable: true, description: '`SESSION` or `API_KEY`.' })
  credentialKind!: string | null;
}

@ObjectType('Event', {
  simpleResolvers: true,
  description:
    'Something that was changed. It tells what, never the words of rooms, names and addresses of people, or a secret.',
})
export class EventRecordType {
  @Field(() => ID, { description: 'The same in webhooks and in the audit trail.' })
  id!: string;

  @Field(() => GraphQLSafeInt, { description: 'Its place in the log of the organization: counted without a gap.' })
  seq!: number;

  @Field(() => String, { description: 'See `eventTypes`.' })
  type!: string;

  @Field(() => Int, { description: 'Of the schema of `data`; 0 for what is not in the catalog, which shows no data.' })
  version!: number;

  @Field(() => Date, { description: 'When it happened. The log is in the order in which it was told of it.' })
  at!: Date;

  @Field(() => EventActorType, { nullable: true, description: 'Null where Parley did it by itself.' })
  actor!: EventActorType | null;

  @Field(() => EventSubjectType, { nullable: true })
  subject!: EventSubjectType | null;

  @Field(() => ConversationStub, { nullable: true, description: 'Where it happened in a room that is still there.' })
  conversation!: ConversationStub | null;

  @Field(() => String, { nullable: true, description: 'Of the request that caused it, as in `X-Request-Id`.' })
  requestId!: string | null;

  @Field(() => GraphQLJSONObject, { description: 'As the schema of its type says.' })
  data!: Record<string, unknown>;
}

@ObjectType('EventEdge', { simpleResolvers: true, description: 'An event with its place in the list.' })
export class EventEdge extends edgeOf(() => EventRecordType) {}

@ObjectType('EventConnection', {
  simpleResolvers: true,
  description: 'A page of the log, the newest event first. `totalCount` counts to 10,000.',
})
export class EventConnection extends connectionOf(
  () => EventEdge,
  () => EventRecordType,
) {}

@ObjectType('EventArrival', { simpleResolvers: true, description: 'What a stream of events brings.' })
export class EventArrivalType {
  @Field(() => String, { description: 'Pass it as `after` to go on from behind this one.' })
  cursor!: string;

  @Field(() => EventRecordType, {
    nullable: true,
    description: 'Null where events between `after` and here are kept no longer: what you have may be outdated.',
  })
  event!: EventRecordType | null;
}

@ObjectType('EventType', { simpleResolvers: true, description: 'A type of events, as the catalog has it.' })
export class EventTypeType {
  @Field(() => String)
  name!: string;

  @Field(() => Int, { description: 'Raised when a field changes its meaning or goes.' })
  version!: number;

  @Field(() => String)
  description!: string;

  @Field(() => String, { description: 'The kind of thing that it is about.' })
  subjectKind!: string;

  @Field(() => GraphQLJSONObject, { description: 'JSON Schema of `Event.data`, and of `data` in webhooks.' })
  schema!: Record<string, unknown>;

  @Field(() => [String], { description: 'What the audit trail has beyond that, since it says who somebody is.' })
  personalFields!: string[];
}

@InputType({ description: 'Which events are told as they come.' })
export class EventStreamFilter {
  @Field(() => [String], {
    nullable: true,
    description: 'Types, or beginnings of them: `agent.published`, `run.*`. 50 at most.',
  })
  types?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'What this person or service account caused.' })
  actorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'What is about this thing.' })
  subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: 'What happened in this room.' })
  conversationId?: string | null;
}

/** What is chosen among what has happened, in the log and in the audit trail. */
@InputType()
export abstract class PastFilter extends EventStreamFilter {
  @Field(() => Date, { nullable: true, description: 'What happened then or later.' })
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'What happened before.' })
  until?: Date | null;
}

@InputType({ description: 'Which events are shown: those that fit everything that is given.' })
export class EventFilter extends PastFilter {
  @Field(() => String, {
    nullable: true,
    description: 'What has all these words: in its type, description and data. Also `"in this order"` and `-without`.',
  })
  search?: string | null;
}
