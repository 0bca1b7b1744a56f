import { DEFAULT_LIMITS } from '#core/agent/run-limits';
import type { TeamDefinition } from '#core/agent/team-definition';
import type { ScopedClient } from '#core/database/scoped-client';
import { badInputs } from '#core/error';
import type { AgentContent } from '../agent-definition.ts';
import { contentOf, draftOf } from '../agent-row.ts';
import type { DefinitionProblem } from '../model.service.ts';

/** What is looked at of a team's members: enough for any that is of use, and a bound for one that is not. */
const MAX_LOOKED_AT = 200;

const NOT_PUBLISHED = 'is not published.';

interface Member {
  id: string;
  name: string;
  isArchived: boolean;
  /** What answers: the version that is published, or the given one; null where there is none. */
  content: AgentContent | null;
}

/** What is wrong with a team's members: they are unknown, cannot answer, or hold the team itself. */
export class TeamMembership {
  constructor(private readonly database: { scoped: Pick<ScopedClient, 'agent' | 'agentVersion'> }) {}

  /**
   * @param agentId Of the team; null where it is being made.
   * @param root What the paths begin with: `definition.team`.
   */
  async check(agentId: string | null, { definition }: AgentContent, root: string): Promise<DefinitionProblem[]> {
    const { team } = definition;
    if (!team) return [];
    const found = await Promise.all(team.nodes.map((node) => this.find(node.agentId, node.version)));
    const problems = team.nodes.flatMap(({ key, version }, index): DefinitionProblem[] => {
      const member = found[index];
      const path = `${root}.nodes.${index}`;
      const error = (message: string) => [{ severity: 'ERROR' as const, path, message }];
      if (!member) return error(`${key}: there is no such agent.`);
      if (member.isArchived) return error(`${key}: ${member.name} is archived.`);
      if (!member.content) {
        return error(
          version ? `${key}: ${member.name} has no version ${version}.` : `${key}: ${member.name} ${NOT_PUBLISHED}`,
        );
      }
      return [];
    });
    return problems.length > 0 ? problems : this.checkNesting(agentId, team, definition.limits.maxDepth, root);
  }

  /**
   * Refuses what can never be: agents that are unknown or archived, and a team within itself. One that is not published
   * yet may still be.
   * @throws ParleyError `BAD_USER_INPUT` with the nodes
   */
  async assertPossible(agentId: string | null, content: AgentContent): Promise<void> {
    const problems = await this.check(agentId, content, 'input.team');
    const refused = problems.filter(({ message }) => !message.endsWith(NOT_PUBLISHED));
    if (refused.length > 0) throw badInputs(refused.map(({ path, message }) => ({ path, message })));
  }

  private async checkNesting(
    agentId: string | null,
    team: TeamDefinition,
    maxDepth: number = DEFAULT_LIMITS.maxDepth,
    root: string,
  ): Promise<DefinitionProblem[]> {
    let looked = 0;
    const problems: DefinitionProblem[] = [];
    const walk = async (node: TeamDefinition['nodes'][number], trail: Member[], index: number): Promise<void> => {
      looked += 1;
      if (looked > MAX_LOOKED_AT) return;
      const path = `${root}.nodes.${index}`;
      const key = team.nodes[index]?.key ?? '';
      const member = await this.find(node.agentId, node.version);
      if (!member?.content) return;
      const names = [...trail, member].map(({ name }) => name).join(' > ');
      if (member.id === agentId || trail.some(({ id }) => id === member.id)) {
        problems.push({ severity: 'ERROR', path, message: `${key}: the team would be a part of itself: ${names}.` });
        return;
      }
      if (trail.length + 2 > maxDepth) {
        const message = `${key}: ${names} is deeper than maxDepth, which is ${maxDepth}.`;
        problems.push({ severity: 'ERROR', path, message });
        return;
      }
      for (const inner of member.content.definition.team?.nodes ?? []) await walk(inner, [...trail, member], index);
    };
    for (const [index, node] of team.nodes.entries()) await walk(node, [], index);
    return problems;
  }

  private async find(id: string, version: number | null): Promise<Member | null> {
    const { agent, agentVersion } = this.database.scoped;
    const row = await agent.findFirst({ where: { id } });
    if (!row) return null;
    const where = version ? { agentId: id, number: version } : { id: row.publishedVersionId ?? '' };
    const stored = version || row.publishedVersionId ? await agentVersion.findFirst({ where }) : null;
    const name = row.name || draftOf(row).name;
    return { id, name, isArchived: row.archivedAt !== null, content: stored && contentOf(stored) };
  }
}
