import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { AgentLoadersOf } from './agent.loaders.ts';
import { AgentDraftType, AgentProblemType } from './agent.type.ts';
import type { AgentReader } from './agent-reader.ts';
import { draftOf } from './agent-row.ts';
import { checkTeamMembers, type DefinitionCheck } from './definition-check.ts';

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
  async problems(@Root() { row }: AgentDraftType, @Ctx() context: RequestContext): Promise<AgentProblemType[]> {
    const draft = draftOf(row);
    const [ofSettings, ofMembers] = await Promise.all([
      this.definitions.checkSettings(requireViewer(context.viewer), draft.definition),
      checkTeamMembers(this.loaders(context), row.id, draft),
    ]);
    return [...ofSettings, ...ofMembers];
  }
}
