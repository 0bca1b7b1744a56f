import { createUnionType, Directive, Field, ID, ObjectType } from 'type-graphql';

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

export type ParticipantKind = 'USER' | 'AGENT';

/** A participant as it goes to the gateway, which joins the rest from the subgraph that owns it. */
export interface ParticipantReference {
  __typename: 'User' | 'Agent';
  id: string;
}

export const toParticipant = (kind: ParticipantKind, id: string): ParticipantReference => ({
  __typename: kind === 'USER' ? 'User' : 'Agent',
  id,
});

export const Participant = createUnionType({
  name: 'Participant',
  description: 'Who can be in a room and write in it: a person (or service account) or an agent.',
  types: () => [UserStub, AgentStub] as const,
  resolveType: (value: unknown) => (value as ParticipantReference).__typename,
});
