import { Arg, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import { ConversationType } from '../conversation.type.ts';
import type { SummaryService } from './summary.service.ts';
import { ContextFoldedType, ContextSummaryConnection, ContextSummaryType } from './summary.type.ts';

@Resolver(() => ConversationType)
export class SummaryResolver {
  constructor(private readonly service: SummaryService) {}

  @FieldResolver(() => ContextSummaryConnection, {
    description: 'What its agents are told in place of its older messages, the newest first.',
  })
  summaries(
    @Root() { id }: ConversationType,
    @Arg('agentId', () => ID, { nullable: true, description: 'Those of one agent alone.' }) agentId?: string | null,
    @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on behind.' }) after?: string,
  ) {
    return this.service.list(id, agentId ?? null, { first, after });
  }
}

/** An event holds no words of the summary: they can be gone when it is replayed. */
@Resolver(() => ContextFoldedType)
export class ContextFoldedResolver {
  constructor(private readonly service: SummaryService) {}

  @FieldResolver()
  agent(@Root() { agentId }: { agentId: string }): ContextFoldedType['agent'] {
    return { id: agentId };
  }

  @FieldResolver(() => ContextSummaryType)
  summary(@Root() { summaryId }: { summaryId: string }) {
    return this.service.find(summaryId);
  }
}
