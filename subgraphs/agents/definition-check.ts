import type { Viewer } from '#core/viewer';
import type { AgentRows } from './agent.loaders.ts';
import type { AgentContent, AgentDefinition } from './agent-definition.ts';
import type { DefinitionProblem, ModelService } from './model.service.ts';
import type { RoleDirectory } from './role-directory.ts';
import { checkMembers } from './team/check-members.ts';

/** Which tools there are: what a definition may name. */
export interface KnownTools {
  /** Those of the names that the viewer's organization has tools of. */
  find(names: readonly string[], viewer: Viewer): Promise<readonly { name: string }[]>;
}

/** What keeps an agent from answering, or from answering well. */
export class DefinitionCheck {
  constructor(
    private readonly models: ModelService,
    private readonly tools: KnownTools,
    private readonly roles: Pick<RoleDirectory, 'missing'>,
  ) {}

  /** What is wrong with the definition by itself. Asks the providers for their models, and others for their tools. */
  async checkSettings(viewer: Viewer, definition: AgentDefinition): Promise<DefinitionProblem[]> {
    const [ofModel, ofTools, ofRoles] = await Promise.all([
      this.models.check(definition),
      this.checkTools(
        viewer,
        definition.tools.map(({ name }) => name),
      ),
      this.checkRoles(viewer, definition),
    ]);
    return [...ofModel, ...ofTools, ...ofRoles, ...checkToolNames(definition)];
  }

  /** A role that nobody has could decide nothing. */
  private async checkRoles(viewer: Viewer, { tools }: AgentDefinition): Promise<DefinitionProblem[]> {
    const asked = tools.flatMap(({ name, approval }) => (approval?.role ? [{ name, role: approval.role }] : []));
    if (asked.length === 0) return [];
    const missing = await this.roles.missing([...new Set(asked.map(({ role }) => role))], viewer);
    return asked
      .filter(({ role }) => missing.includes(role))
      .map(({ name, role }) =>
        ofTool(
          name,
          `There is no role ${role} that could approve it: give the name of a built-in role or the id of one.`,
        ),
      );
  }

  private async checkTools(viewer: Viewer, names: string[]): Promise<DefinitionProblem[]> {
    if (names.length === 0) return [];
    const found = new Set((await this.tools.find(names, viewer)).map(({ name }) => name));
    return names.filter((name) => !found.has(name)).map((name) => ofTool(name, `There is no tool ${name}.`));
  }
}

/**
 * What is wrong with the members of a team, as they are published.
 * @param agentId Of the team; null where it is being made.
 */
export async function checkTeamMembers(
  rows: AgentRows,
  agentId: string | null,
  content: AgentContent,
): Promise<DefinitionProblem[]> {
  const problems = await checkMembers(rows, agentId, content, 'PUBLISHED');
  return problems.map(({ key, message }) => ({ severity: 'ERROR', path: `definition.team.nodes.${key}`, message }));
}

/** The model of a team is offered its nodes as tools: a tool of the same name could not be told from one. */
function checkToolNames({ tools, team }: AgentDefinition): DefinitionProblem[] {
  const prefix = team?.flow.pattern === 'SUPERVISOR' ? '' : team?.flow.pattern === 'HANDOFF' ? 'hand_to_' : null;
  if (!team || prefix === null) return [];
  const offered = new Map(team.nodes.map(({ key }) => [prefix + key, key]));
  return tools.flatMap(({ name }) => {
    const key = offered.get(name);
    return key ? [ofTool(name, `The tool ${name} cannot be told from the node ${key}: call the node otherwise.`)] : [];
  });
}

const ofTool = (name: string, message: string): DefinitionProblem => ({
  severity: 'ERROR',
  path: `definition.tools.${name}`,
  message,
});
