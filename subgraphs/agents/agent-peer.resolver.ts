import { Arg, Ctx, Directive, ID, Int, Query, Resolver } from 'type-graphql';
import { badInput } from '#core/error';
import type { RequestContext } from '#core/request-context';
import { requireViewer, type Viewer } from '#core/viewer';
import type { AgentLoadersOf } from './agent.loaders.ts';
import { presentAgent, presentForRun } from './agent.presenter.ts';
import { AgentType } from './agent.type.ts';
import { type AgentReader, MAX_BATCH } from './agent-reader.ts';
import { AgentForRunRef, AgentForRunType } from './agent-run.type.ts';
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
    return this.forRun(requireViewer(context.viewer), context, { id, version });
  }

  @Directive('@inaccessible')
  @Query(() => [AgentForRunType], {
    nullable: 'items',
    description: 'The same for several at once, in their order: the members of a team.',
  })
  async agentsForRun(
    @Ctx() context: RequestContext,
    @Arg('refs', () => [AgentForRunRef]) refs: AgentForRunRef[],
  ): Promise<(AgentForRunType | null)[]> {
    const viewer = requireViewer(context.viewer);
    if (refs.length > MAX_BATCH) throw badInput('refs', `It must have at most ${MAX_BATCH} entries.`);
    return Promise.all(refs.map((ref) => this.forRun(viewer, context, ref)));
  }

  @Directive('@inaccessible')
  @Query(() => [AgentType], {
    nullable: 'items',
    description: 'The agents of these ids, in their order; null where there is none or where it is archived.',
  })
  async agentsById(
    @Ctx() context: RequestContext,
    @Arg('ids', () => [ID]) ids: string[],
    @Arg('thatAnswer', () => Boolean, {
      defaultValue: false,
      description: 'Null as well where it cannot answer, having never been published.',
    })
    thatAnswer: boolean,
  ): Promise<(AgentType | null)[]> {
    const viewer = requireViewer(context.viewer);
    const agents = await this.reader.findInUse(viewer, this.loaders(context), ids, { thatAnswer });
    return agents.map((agent) => agent && presentAgent(agent));
  }

  private async forRun(
    viewer: Viewer,
    context: RequestContext,
    { id, version }: AgentForRunRef,
  ): Promise<AgentForRunType | null> {
    const runnable = await this.reader.findRunnable(viewer, this.loaders(context), id, version ?? null);
    return runnable && presentForRun(runnable, await this.models.modelOf(runnable.definition));
  }
}
