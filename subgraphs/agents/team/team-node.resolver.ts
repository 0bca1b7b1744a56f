import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '#core/request-context';
import type { AgentLoadersOf } from '../agent.loaders.ts';
import { presentAgent } from '../agent.presenter.ts';
import { AgentType } from '../agent.type.ts';
import type { AgentReader } from '../agent-reader.ts';
import { TeamNodeType } from './team.type.ts';

@Resolver(() => TeamNodeType)
export class TeamNodeResolver {
  constructor(
    private readonly reader: AgentReader,
    private readonly loaders: AgentLoadersOf,
  ) {}

  @FieldResolver(() => AgentType, { nullable: true, description: 'Archived or not; null where it was deleted.' })
  async agent(@Root() { agentId }: TeamNodeType, @Ctx() context: RequestContext): Promise<AgentType | null> {
    const agent = await this.reader.findReferenced(context.viewer, this.loaders(context), agentId);
    return agent && presentAgent(agent);
  }
}
