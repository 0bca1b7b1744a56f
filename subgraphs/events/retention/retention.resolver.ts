import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { RecordRetentionService } from './retention.service.ts';
import { RecordRetentionType, SetRecordRetentionInput, SetRecordRetentionPayload } from './retention.type.ts';

@Resolver()
export class RecordRetentionResolver {
  constructor(private readonly retention: RecordRetentionService) {}

  @Query(() => RecordRetentionType, {
    description: 'For how long your organization keeps its log of events and its audit trail.',
  })
  recordRetention(): Promise<RecordRetentionType> {
    return this.retention.find();
  }

  @Mutation(() => SetRecordRetentionPayload, {
    description:
      'Sets for how long the log of events and the audit trail are kept. What is older goes soon, for good; a signed checkpoint stands for what goes from the trail.',
  })
  async setRecordRetention(
    @Ctx() context: RequestContext,
    @Arg('input', () => SetRecordRetentionInput) input: SetRecordRetentionInput,
  ): Promise<SetRecordRetentionPayload> {
    return { recordRetention: await this.retention.set(requireViewer(context.viewer), input) };
  }
}
