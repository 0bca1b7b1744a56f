import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import type { AgentLoadersOf } from './agent.loaders.ts';
import { AgentDraftType, AgentProblemType } from './agent.type.ts';
import type { AgentReader } from './agent-reader.ts';
import { draftOf } from './agent-row.ts';
import type { DefinitionCheck } from './definition-check.ts';

@Resolver(() => AgentDraftType)
export class AgentDraftResolver {
  constructor(
    private readonly reader: AgentReader,
    private readonly definitions: DefinitionCheck,
    private readonly loaders: AgentLoadersOf,
  ) {}

  @FieldResolver(() => Boolean)
  hasUnpublishedChanges(@Root() { row }: AgentDraftType, @Ctx() context: RequestContext): Promise<boolean> {
    return this.reader.hasUnpublishedChanges(this.loaders(context), row);
  }

  @FieldResolver(() => [AgentProblemType])
  problems(@Root() { row }: AgentDraftType): Promise<AgentProblemType[]> {
    return this.definitions.check(row.id, draftOf(row));
  }
}
