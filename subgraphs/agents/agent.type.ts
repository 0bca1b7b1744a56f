import { Directive, Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { TeamDefinition } from '#core/agent/team-definition';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import type { AgentKind } from './agent-definition.ts';
import { AgentDefinitionType, AgentKindEnum } from './agent-definition.type.ts';
import type { AgentStatus } from './agent-filter.ts';
import type { AgentRow } from './agent-row.ts';
import type { DefinitionProblem } from './model.service.ts';
import { AgentTeamType } from './team/team.type.ts';

export const AgentStatusEnum = {
  DRAFT: 'DRAFT',
  PUBLISHED: 'PUBLISHED',
  ARCHIVED: 'ARCHIVED',
} as const satisfies Record<AgentStatus, AgentStatus>;

registerEnumType(AgentStatusEnum, {
  name: 'AgentStatus',
  description: 'Whether an agent can answer.',
  valuesConfig: {
    DRAFT: { description: 'Nothing is published yet: it does not answer.' },
    PUBLISHED: { description: 'Its published version answers.' },
    ARCHIVED: { description: 'It is out of use; what it wrote stays.' },
  },
});

export const ProblemSeverityEnum = { ERROR: 'ERROR', WARNING: 'WARNING' } as const;

registerEnumType(ProblemSeverityEnum, {
  name: 'AgentProblemSeverity',
  description: 'How grave a problem is.',
  valuesConfig: {
    ERROR: { description: 'It keeps the draft from being published.' },
    WARNING: { description: 'The draft can be published, though perhaps it should not be.' },
  },
});

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', { simpleResolvers: true })
export class UserReferenceType {
  @Field(() => ID)
  id!: string;
}

@ObjectType('AgentProblem', { simpleResolvers: true, description: 'A shortcoming of a draft.' })
export class AgentProblemType {
  @Field(() => ProblemSeverityEnum)
  severity!: DefinitionProblem['severity'];

  @Field(() => String, { description: 'Where in the draft: `definition.model` or `definition.team.nodes.writer`.' })
  path!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType('AgentDraft', { simpleResolvers: true, description: 'An agent as it is being edited.' })
export class AgentDraftType {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => AgentDefinitionType)
  definition!: AgentDefinitionType;

  @Field(() => Int, { description: 'Grows with each edit: what `expectedRevision` is compared with.' })
  revision!: number;

  @Field(() => Boolean, { description: 'Whether publishing would change anything.' })
  readonly hasUnpublishedChanges?: boolean;

  @Field(() => [AgentProblemType], {
    description: 'What stands between the draft and a good answer. Asks the providers for their models.',
  })
  readonly problems?: AgentProblemType[];

  /** What the draft was read from, for the fields that need more than it. */
  row!: AgentRow;
}

@ObjectType('AgentVersion', {
  simpleResolvers: true,
  description: 'An agent as it was published at one time: never changed.',
})
export class AgentVersionType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'From 1 on, without a gap.' })
  number!: number;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => AgentDefinitionType)
  definition!: AgentDefinitionType;

  @Field(() => String, { description: 'Why it was published, in the words of its author.' })
  note!: string;

  @Field(() => UserReferenceType, { description: 'Who published it.' })
  author!: UserReferenceType;

  @Field(() => Int, { nullable: true, description: 'The number of the version that a roll back brought back.' })
  restoredFrom!: number | null;

  @Field(() => Date)
  createdAt!: Date;
}

@ObjectType('AgentVersionEdge', { simpleResolvers: true, description: 'A version and where it stands in the list.' })
export class AgentVersionEdge extends edgeOf(() => AgentVersionType) {}

@ObjectType('AgentVersionConnection', { simpleResolvers: true, description: 'A page of versions, newest first.' })
export class AgentVersionConnection extends connectionOf(
  () => AgentVersionEdge,
  () => AgentVersionType,
) {}

@Directive('@key(fields: "id")')
@ObjectType('Agent', {
  simpleResolvers: true,
  description:
    'Takes part in conversations and answers there. `name`, `description`, `kind`, `instructions`, `model`, `temperature` and `team` are those of the published version, or of the draft as long as nothing is published.',
})
export class AgentType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => AgentStatusEnum)
  status!: AgentStatus;

  @Field(() => AgentKindEnum)
  kind!: AgentKind;

  @Field(() => String, { description: 'What the model is told above every conversation.' })
  readonly instructions?: string;

  @Field(() => String, { nullable: true, description: 'Null for the default of the server; see `models`.' })
  readonly model?: string | null;

  @Field(() => Float, { nullable: true, description: '0 to 2; null for the default of the model.' })
  readonly temperature?: number | null;

  @Field(() => AgentTeamType, { nullable: true, description: 'How its agents work together, where it is a team.' })
  readonly team?: TeamDefinition | null;

  @Field(() => AgentDraftType)
  draft!: AgentDraftType;

  @Field(() => AgentVersionType, { nullable: true, description: 'The version that answers.' })
  readonly publishedVersion?: AgentVersionType | null;

  @Field(() => UserReferenceType)
  createdBy!: UserReferenceType;

  @Field(() => Date)
  createdAt!: Date;

  @Field(() => Date)
  updatedAt!: Date;

  @Field(() => Date, { nullable: true })
  archivedAt!: Date | null;

  /** What the agent was read from, for the fields that need more than it. */
  row!: AgentRow;
}

@ObjectType('AgentEdge', { simpleResolvers: true, description: 'An agent and where it stands in the list.' })
export class AgentEdge extends edgeOf(() => AgentType) {}

@ObjectType('AgentConnection', { simpleResolvers: true, description: 'A page of agents, newest first.' })
export class AgentConnection extends connectionOf(
  () => AgentEdge,
  () => AgentType,
) {}
