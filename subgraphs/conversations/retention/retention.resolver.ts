import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { RetentionService } from './retention.service.ts';
import { RetentionPolicyType, SetRetentionInput, SetRetentionPayload } from './retention.type.ts';

@Resolver()
export class RetentionResolver {
  constructor(private readonly retention: RetentionService) {}

  @Query(() => RetentionPolicyType, {
    description: 'For how long your organization keeps what is written in its rooms.',
  })
  retentionPolicy(): Promise<RetentionPolicyType> {
    return this.retention.find();
  }

  @Mutation(() => SetRetentionPayload, {
    description: 'Sets for how long your organization keeps what is written. What is older goes soon, for good.',
  })
  async setRetention(
    @Ctx() context: RequestContext,
    @Arg('input', () => SetRetentionInput) input: SetRetentionInput,
  ): Promise<SetRetentionPayload> {
    return { retentionPolicy: await this.retention.set(requireViewer(context.viewer), input) };
  }
}
