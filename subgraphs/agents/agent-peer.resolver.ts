import { Arg, Ctx, Directive, ID, Int, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import type { AgentLoadersOf } from './agent.loaders.ts';
import { presentAgent, presentForRun } from './agent.presenter.ts';
import { AgentType } from './agent.type.ts';
import type { AgentReader } from './agent-reader.ts';
import { AgentForRunType } from './agent-run.type.ts';
import type { ModelService } from './model.service.ts';

/** What other subgraphs ask, on behalf of their viewer. The gateway does not show these fields to anybody. */
@Resolver()
export class AgentPeerResolver {
  constructor(
    private readonly reader: AgentReader,
    private readonly models: ModelService,
    private readonly loaders: AgentLoadersOf,
  ) {}

  @Directive('@inaccessible')
  @Query(() => AgentForRunType, {
    nullable: true,
    description: 'What an agent answers with: the published version or the given one. Null where it cannot answer.',
  })
  async agentForRun(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('version', () => Int, { nullable: true }) version?: number | null,
  ): Promise<AgentForRunType | null> {
    const viewer = requireViewer(context.viewer);
    const runnable = await this.reader.findRunnable(viewer, this.loaders(context), id, version ?? null);
    return runnable && presentForRun(runnable, await this.models.modelOf(runnable.definition));
  }

  @Directive('@inaccessible')
  @Query(() => [AgentType], {
    nullable: 'items',
    description: 'The agents of these ids, in their order; null where there is none or where it is archived.',
  })
  async agentsById(
    @Ctx() context: RequestContext,
    @Arg('ids', () => [ID]) ids: string[],
  ): Promise<(AgentType | null)[]> {
    const agents = await this.reader.findInUse(requireViewer(context.viewer), this.loaders(context), ids);
    return agents.map((agent) => agent && presentAgent(agent));
  }
}
