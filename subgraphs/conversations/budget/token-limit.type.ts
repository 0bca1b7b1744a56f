import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { connectionOf, edgeOf } from '#core/graphql/connection';
import { AgentStub } from '../participant.type.ts';

export enum TokenPeriod {
  DAY = 'DAY',
  MONTH = 'MONTH',
  TOTAL = 'TOTAL',
}

export enum TokenLimitAction {
  REJECT = 'REJECT',
  PAUSE = 'PAUSE',
  DOWNGRADE = 'DOWNGRADE',
}

registerEnumType(TokenPeriod, {
  name: 'TokenPeriod',
  description: 'What a limit of tokens is for. Days and months begin at midnight UTC.',
  valuesConfig: { TOTAL: { description: 'All time.' } },
});

registerEnumType(TokenLimitAction, {
  name: 'TokenLimitAction',
  description: 'What becomes of a run when a limit of tokens has no room for its next call of a model.',
  valuesConfig: {
    REJECT: {
      description: 'It fails with QUOTA_EXCEEDED; what it has done is kept, and `retryRun` goes on from there.',
    },
    PAUSE: {
      description: 'It waits (WAITING for BUDGET) and goes on by itself when there is room, first come first served.',
    },
    DOWNGRADE: { description: 'The call goes to `downgradeModel`, which does not draw from this limit.' },
  },
});

@ObjectType('TokenLimit', {
  simpleResolvers: true,
  description: 'How many tokens the models of an organization, or of one of its agents, may take within a period.',
})
export class TokenLimitType {
  @Field(() => ID)
  id!: string;

  @Field(() => AgentStub, { nullable: true, description: 'Whose calls it is for; null for all agents together.' })
  agent!: AgentStub | null;

  @Field(() => TokenPeriod)
  period!: TokenPeriod;

  @Field(() => GraphQLSafeInt, { description: 'Input, output and thinking, as the providers count them.' })
  maxTokens!: number;

  @Field(() => TokenLimitAction)
  whenExhausted!: TokenLimitAction;

  @Field(() => String, { nullable: true, description: 'With DOWNGRADE: what answers then.' })
  downgradeModel!: string | null;

  @Field(() => GraphQLSafeInt, {
    description: 'Tokens that were counted in the present period, since the limit was set.',
  })
  used!: number;

  @Field(() => GraphQLSafeInt, { description: 'Tokens that calls under way may take at most.' })
  reserved!: number;

  @Field(() => GraphQLSafeInt, { description: 'Tokens that are neither used nor reserved; never below 0.' })
  left!: number;

  @Field(() => Int, { description: 'Runs that wait for room.' })
  waitingRuns!: number;

  @Field(() => Date, { nullable: true, description: 'When the next period begins; null where there is none.' })
  resetsAt!: Date | null;

  @Field(() => Date)
  updatedAt!: Date;
}

@ObjectType('TokenLimitEdge', { simpleResolvers: true, description: 'A limit and where it stands in the list.' })
export class TokenLimitEdge extends edgeOf(() => TokenLimitType) {}

@ObjectType('TokenLimitConnection', { simpleResolvers: true, description: 'A page of limits, the oldest first.' })
export class TokenLimitConnection extends connectionOf(
  () => TokenLimitEdge,
  () => TokenLimitType,
) {}

@InputType({ description: 'A limit of tokens. There is one for each period of an agent, and of the organization.' })
export class SetTokenLimitInput {
  @Field(() => ID, { nullable: true, description: 'Whose calls it is for; left out for all agents together.' })
  agentId?: string | null;

  @Field(() => TokenPeriod)
  period!: TokenPeriod;

  @Field(() => GraphQLSafeInt, { description: 'At least 1, at most 10^12.' })
  maxTokens!: number;

  @Field(() => TokenLimitAction)
  whenExhausted!: TokenLimitAction;

  @Field(() => String, {
    nullable: true,
    description: 'With DOWNGRADE, and only then: the model that answers instead.',
  })
  downgradeModel?: string | null;
}

const MAX_TOKENS = 1_000_000_000_000;

export const setTokenLimitSchema = z
  .object({
    agentId: z.uuid('It must be the id of an agent').nullish(),
    period: z.enum(TokenPeriod),
    maxTokens: z
      .int('It must be a whole number')
      .min(1, 'It must be at least 1')
      .max(MAX_TOKENS, `It must be at most ${MAX_TOKENS.toLocaleString('en')}`),
    whenExhausted: z.enum(TokenLimitAction),
    downgradeModel: z.string().trim().min(1, 'Name a model').max(200).nullish(),
  })
  .superRefine(({ whenExhausted, downgradeModel }, context) => {
    const isNeeded = whenExhausted === TokenLimitAction.DOWNGRADE;
    if (isNeeded === (downgradeModel != null)) return;
    const message = isNeeded ? 'DOWNGRADE needs a model' : 'It goes with DOWNGRADE alone';
    context.addIssue({ code: 'custom', path: ['downgradeModel'], message });
  });

@ObjectType({ simpleResolvers: true, description: 'What holds from now on.' })
export class SetTokenLimitPayload {
  @Field(() => TokenLimitType)
  tokenLimit!: TokenLimitType;
}

@InputType({ description: 'Which limit to remove.' })
export class RemoveTokenLimitInput {
  @Field(() => ID)
  tokenLimitId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The limit that is gone. Runs that waited for it go on.' })
export class RemoveTokenLimitPayload {
  @Field(() => ID)
  removedTokenLimitId!: string;
}
