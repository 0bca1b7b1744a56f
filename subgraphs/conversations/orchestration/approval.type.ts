import { GraphQLJSON, GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { ConversationType } from '../conversation.type.ts';
import { ConversationEventType } from '../event.type.ts';
import { AgentStub, UserStub } from '../participant.type.ts';
import { RunType } from '../run.type.ts';
import { StepType } from './step.type.ts';

export enum ApprovalKind {
  TOOL_CALL = 'TOOL_CALL',
  LIMIT = 'LIMIT',
  CHOICE = 'CHOICE',
}

registerEnumType(ApprovalKind, {
  name: 'ApprovalKind',
  description: 'What a person is asked.',
  valuesConfig: {
    TOOL_CALL: { description: 'Whether a tool may be called with these arguments.' },
    LIMIT: { description: 'Whether an agent may go on beyond its limit, by as much again.' },
    CHOICE: { description: 'Which node of a team answers: EDIT the arguments to `{"node": KEY}`.' },
  },
});

export enum ApprovalState {
  PENDING = 'PENDING',
  APPROVED = 'APPROVED',
  REJECTED = 'REJECTED',
  CANCELLED = 'CANCELLED',
}

registerEnumType(ApprovalState, {
  name: 'ApprovalState',
  description: 'What was decided.',
  valuesConfig: {
    PENDING: { description: 'Nobody has decided yet.' },
    APPROVED: { description: 'It may be done, with `editedArguments` where there are any.' },
    REJECTED: { description: 'It may not.' },
    CANCELLED: { description: 'Its run ended before anybody decided.' },
  },
});

export enum ApprovalDecision {
  APPROVE = 'APPROVE',
  REJECT = 'REJECT',
  EDIT = 'EDIT',
}

registerEnumType(ApprovalDecision, {
  name: 'ApprovalDecision',
  description: 'What to decide.',
  valuesConfig: {
    APPROVE: { description: 'It may be done as it was asked.' },
    REJECT: { description: 'It may not. The agent is told, with the reason.' },
    EDIT: { description: 'It may be done with other arguments.' },
  },
});

@ObjectType('Approval', {
  simpleResolvers: true,
  description: 'Something that a person has to decide before a step of a run goes on.',
})
export class ApprovalType {
  @Field(() => ID)
  id!: string;

  @Field(() => ConversationType)
  conversation!: unknown;

  @Field(() => RunType)
  run!: unknown;

  @Field(() => StepType, { nullable: true })
  step!: unknown;

  @Field(() => ApprovalKind)
  kind!: ApprovalKind;

  @Field(() => ApprovalState)
  state!: ApprovalState;

  @Field(() => AgentStub, { description: 'Who asks.' })
  agent!: unknown;

  @Field(() => String, { description: 'The tool, the limit or the choice that it is about.' })
  subject!: string;

  @Field(() => GraphQLJSON)
  arguments!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'What the arguments were changed to.' })
  editedArguments!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'The role that whoever decides must have: the name of a built-in one, or the id of a custom one.',
  })
  requiredRole!: string | null;

  @Field(() => Date)
  requestedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description: 'When it is decided by itself: a day after it was asked for, where its tool says nothing else.',
  })
  expiresAt!: Date | null;

  @Field(() => ApprovalState, { description: 'What it becomes then.' })
  onExpiry!: ApprovalState;

  @Field(() => UserStub, { nullable: true, description: 'Who decided. Null where it expired or its run ended.' })
  decidedBy!: unknown;

  @Field(() => Date, { nullable: true })
  decidedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What whoever decided said about it.' })
  reason!: string | null;
}

@ObjectType('ApprovalEdge', { simpleResolvers: true, description: 'An approval and where it stands in the list.' })
export class ApprovalEdge extends edgeOf(() => ApprovalType) {}

@ObjectType('ApprovalConnection', { simpleResolvers: true, description: 'A page of approvals, the oldest first.' })
export class ApprovalConnection extends connectionOf(
  () => ApprovalEdge,
  () => ApprovalType,
) {}

const implementing = { implements: ConversationEventType, simpleResolvers: true } as const;

@ObjectType('ApprovalRequested', { ...implementing, description: 'A person has to decide something.' })
export class ApprovalRequestedType extends ConversationEventType {
  @Field(() => ApprovalType, { description: 'As it was at that moment.' })
  approval!: unknown;
}

@ObjectType('ApprovalDecided', { ...implementing, description: 'It was decided, or is not needed any more.' })
export class ApprovalDecidedType extends ConversationEventType {
  @Field(() => ApprovalType)
  approval!: unknown;
}

@InputType({ description: 'A decision.' })
export class DecideApprovalInput {
  @Field(() => ID)
  approvalId!: string;

  @Field(() => ApprovalDecision)
  decision!: ApprovalDecision;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'With EDIT: the arguments, whole.' })
  arguments?: Record<string, unknown> | null;

  @Field(() => String, { nullable: true, description: 'Why. The agent is told where it is a refusal.' })
  reason?: string | null;
}

export const decideApprovalSchema = z
  .object({
    approvalId: z.string(),
    decision: z.enum(ApprovalDecision),
    arguments: z.record(z.string(), z.unknown()).nullish(),
    reason: z
      .string()
      .trim()
      .max(2_000, 'It must have at most 2,000 characters')
      .refine((text) => !text.includes('\0'), 'It holds characters that cannot be stored')
      .nullish(),
  })
  .refine(({ decision, ...input }) => (decision === ApprovalDecision.EDIT) === (input.arguments != null), {
    path: ['arguments'],
    message: 'Give the arguments with EDIT, and only then',
  });

@ObjectType({ simpleResolvers: true, description: 'The approval as it is now.' })
export class DecideApprovalPayload {
  @Field(() => ApprovalType)
  approval!: unknown;
}
