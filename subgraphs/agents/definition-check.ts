import type { AgentContent } from './agent-definition.ts';
import type { DefinitionProblem, ModelService } from './model.service.ts';
import type { TeamMembership } from './team/team-membership.ts';

/** What keeps an agent from answering, or from answering well. */
export class DefinitionCheck {
  constructor(
    private readonly models: ModelService,
    private readonly members: TeamMembership,
  ) {}

  /**
   * Asks the providers for their models.
   * @param agentId Null where it is being made.
   */
  async check(agentId: string | null, content: AgentContent): Promise<DefinitionProblem[]> {
    const [ofModel, ofTeam] = await Promise.all([
      this.models.check(content.definition),
      this.members.check(agentId, content, 'definition.team'),
    ]);
    return [...ofModel, ...ofTeam];
  }
}
