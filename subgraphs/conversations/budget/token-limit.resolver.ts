import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { TokenLimitService } from './token-limit.service.ts';
import {
  RemoveTokenLimitInput,
  RemoveTokenLimitPayload,
  SetTokenLimitInput,
  SetTokenLimitPayload,
  TokenLimitConnection,
} from './token-limit.type.ts';

@Resolver()
export class TokenLimitResolver {
  constructor(private readonly limits: TokenLimitService) {}

  @Query(() => TokenLimitConnection, {
    description: 'The limits of tokens of your organization, with what is used of them, the oldest first.',
  })
  tokenLimits(
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
  ) {
    return this.limits.list({ first, after });
  }

  @Mutation(() => SetTokenLimitPayload, {
    description:
      'Sets how many tokens may be taken within a period. Each call of a model is let through only while all limits that it falls under have room for its longest answer. What was counted before stays counted.',
  })
  async setTokenLimit(
    @Ctx() context: RequestContext,
    @Arg('input', () => SetTokenLimitInput) input: SetTokenLimitInput,
  ): Promise<SetTokenLimitPayload> {
    return { tokenLimit: await this.limits.set(requireViewer(context.viewer), input) };
  }

  @Mutation(() => RemoveTokenLimitPayload, { description: 'Removes a limit of tokens, with its counts.' })
  async removeTokenLimit(
    @Ctx() context: RequestContext,
    @Arg('input', () => RemoveTokenLimitInput) { tokenLimitId }: RemoveTokenLimitInput,
  ): Promise<RemoveTokenLimitPayload> {
    return { removedTokenLimitId: await this.limits.remove(requireViewer(context.viewer), tokenLimitId) };
  }
}
