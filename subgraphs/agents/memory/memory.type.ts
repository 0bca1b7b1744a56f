import { createUnionType, Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { AgentType, UserReferenceType } from '../agent.type.ts';
import type { MemoryRevisionRow, MemoryRow } from './memory-row.ts';

export const MemoryScopeEnum = {
  ORG: 'ORG',
  AGENT: 'AGENT',
  USER: 'USER',
  CONVERSATION: 'CONVERSATION',
} as const satisfies Record<MemoryRow['scope'], MemoryRow['scope']>;

registerEnumType(MemoryScopeEnum, {
  name: 'MemoryScope',
  description: 'Whose memory it is: who reads and writes it.',
  valuesConfig: {
    ORG: { description: 'Shared by all agents of the organization.' },
    AGENT: { description: 'Of one agent, wherever it works.' },
    USER: { description: 'Of one person: for whichever agent talks with them. Nobody else sees it.' },
    CONVERSATION: { description: 'Of one conversation, for all agents in it.' },
  },
});

export const MemoryOperationEnum = {
  CREATE: 'CREATE',
  APPEND: 'APPEND',
  REPLACE: 'REPLACE',
  WRITE: 'WRITE',
  CONFIGURE: 'CONFIGURE',
} as const satisfies Record<MemoryRevisionRow['operation'], MemoryRevisionRow['operation']>;

registerEnumType(MemoryOperationEnum, {
  name: 'MemoryOperation',
  description: 'What was done to a block.',
  valuesConfig: {
    CREATE: { description: 'It was made.' },
    APPEND: { description: 'A text was put below what was there.' },
    REPLACE: { description: 'A part of the text was replaced.' },
    WRITE: { description: 'The whole text was written anew.' },
    CONFIGURE: { description: 'Its settings were changed, not its text.' },
  },
});

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Conversation', { simpleResolvers: true })
export class ConversationReferenceType {
  @Field(() => ID)
  id!: string;
}

export const MemoryAuthorUnion = createUnionType({
  name: 'MemoryAuthor',
  description: 'Who wrote into a block: a person (or service account) or an agent.',
  types: () => [UserReferenceType, AgentType] as const,
  resolveType: (value) => ('row' in value ? 'Agent' : 'User'),
});

@ObjectType('MemoryRevision', {
  simpleResolvers: true,
  description: 'A block as it was left by one change: never changed itself.',
})
export class MemoryRevisionType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'From 1 on, without a gap.' })
  number!: number;

  @Field(() => MemoryOperationEnum)
  operation!: MemoryRevisionRow['operation'];

  @Field(() => String, { description: 'The text from then on. What it was before is in the revision before.' })
  value!: string;

  @Field(() => MemoryAuthorUnion, { nullable: true, description: 'Who did it.' })
  readonly author?: UserReferenceType | AgentType | null;

  @Field(() => UserReferenceType, { nullable: true, description: 'With whom an agent was talking when it wrote.' })
  onBehalfOf!: UserReferenceType | null;

  @Field(() => ConversationReferenceType, { nullable: true, description: 'In which conversation an agent wrote.' })
  conversation!: ConversationReferenceType | null;

  @Field(() => ID, { nullable: true, description: 'In which run an agent wrote.' })
  runId!: string | null;

  @Field(() => Date)
  createdAt!: Date;

  /** What it was read from, for the fields that need more than it. */
  row!: MemoryRevisionRow;
}

@ObjectType('MemoryRevisionEdge', { simpleResolvers: true, description: 'A revision and where it stands in the list.' })
export class MemoryRevisionEdge extends edgeOf(() => MemoryRevisionType) {}

@ObjectType('MemoryRevisionConnection', { simpleResolvers: true, description: 'A page of revisions, newest first.' })
export class MemoryRevisionConnection extends connectionOf(
  () => MemoryRevisionEdge,
  () => MemoryRevisionType,
) {}

@ObjectType('MemoryBlock', {
  simpleResolvers: true,
  description:
    'A text that agents keep in mind. Several can read and write it at once; nothing that one writes is lost.',
})
export class MemoryBlockType {
  @Field(() => ID)
  id!: string;

  @Field(() => MemoryScopeEnum)
  scope!: MemoryRow['scope'];

  @Field(() => String, { description: 'What agents call it. Unique within its scope and whom that names.' })
  label!: string;

  @Field(() => String, { description: 'What it is for, as agents are told.' })
  description!: string;

  @Field(() => String)
  value!: string;

  @Field(() => Int, { description: 'How many characters `value` can have.' })
  characterLimit!: number;

  @Field(() => Boolean, { description: 'Whether agents can only read it. People can change it all the same.' })
  readOnly!: boolean;

  @Field(() => Int, { description: 'Grows with each change: what `expectedRevision` is compared with.' })
  revision!: number;

  @Field(() => AgentType, { nullable: true, description: 'Whose it is, where the scope is AGENT.' })
  readonly agent?: AgentType | null;

  @Field(() => UserReferenceType, { nullable: true, description: 'Whose it is, where the scope is USER.' })
  user!: UserReferenceType | null;

  @Field(() => ConversationReferenceType, {
    nullable: true,
    description: 'Whose it is, where the scope is CONVERSATION.',
  })
  conversation!: ConversationReferenceType | null;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date)
  updatedAt!: Date;

  /** What it was read from, for the fields that need more than it. */
  row!: MemoryRow;
}

@ObjectType('MemoryBlockEdge', { simpleResolvers: true, description: 'A block and where it stands in the list.' })
export class MemoryBlockEdge extends edgeOf(() => MemoryBlockType) {}

@ObjectType('MemoryBlockConnection', { simpleResolvers: true, description: 'A page of blocks, newest first.' })
export class MemoryBlockConnection extends connectionOf(
  () => MemoryBlockEdge,
  () => MemoryBlockType,
) {}
