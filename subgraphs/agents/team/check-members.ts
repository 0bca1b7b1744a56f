import { DEFAULT_LIMITS } from '#core/agent/run-limits';
import type { TeamNode } from '#core/agent/team-definition';
import type { AgentRows } from '../agent.loaders.ts';
import type { AgentContent } from '../agent-definition.ts';
import { type Member, MemberGraph, type MemberState } from './member-graph.ts';

/** What is wrong with the agent at a node of a team. */
export interface MemberProblem {
  /** Where the node stands. */
  index: number;
  key: string;
  /** `UNKNOWN`, `ARCHIVED` and `CYCLE` can never be; the others may come right by themselves. */
  kind: 'UNKNOWN' | 'ARCHIVED' | 'CYCLE' | 'UNPUBLISHED' | 'TOO_DEEP';
  /** A sentence that names the node. */
  message: string;
}

/**
 * What keeps the members of a team from working: they are unknown, cannot answer, hold the team itself or are nested too
 * deep. Empty where it is no team.
 * @param agentId Of the team; null where it is being made.
 */
export async function checkMembers(
  rows: AgentRows,
  agentId: string | null,
  { name, definition: { team, limits } }: AgentContent,
  state: MemberState,
): Promise<MemberProblem[]> {
  if (!team) return [];
  const graph = await MemberGraph.read(rows, team.nodes, state);
  const nesting = new Nesting(graph, { id: agentId, name });
  const maxDepth = limits.maxDepth ?? DEFAULT_LIMITS.maxDepth;
  return team.nodes.flatMap((node, index): MemberProblem[] => {
    const problem = (kind: MemberProblem['kind'], message: string) => [
      { index, key: node.key, kind, message: `The node ${node.key}: ${message}` },
    ];
    const member = graph.at(node);
    if (!member) return problem('UNKNOWN', 'There is no such agent.');
    if (member.isArchived) return problem('ARCHIVED', `${member.name} is archived.`);
    if (!member.content) return problem('UNPUBLISHED', whyUnpublished(member, node));
    const cycle = nesting.cycleFrom(node);
    if (cycle) return problem('CYCLE', `The team would be a part of itself: ${cycle.join(' > ')}.`);
    const chain = nesting.deepestFrom(node);
    if (chain.length + 1 <= maxDepth) return [];
    const names = [name, ...chain].join(' > ');
    return problem('TOO_DEEP', `${names} is ${chain.length + 1} deep; maxDepth allows ${maxDepth}.`);
  });
}

const whyUnpublished = ({ name }: Member, { version }: TeamNode): string =>
  version === null ? `${name} is not published.` : `${name} has no version ${version}.`;

/** Ways through a graph of members, each found once. */
class Nesting {
  private readonly sound = new Set<Member>();
  private readonly deepest = new Map<Member, string[]>();

  constructor(
    private readonly graph: MemberGraph,
    private readonly team: { id: string | null; name: string },
  ) {}

  /** The names along a way that comes back to where it was, from there on; null where there is none. */
  cycleFrom(node: TeamNode, trail: readonly Member[] = []): string[] | null {
    const member = this.graph.at(node);
    if (!member || this.sound.has(member)) return null;
    const namesFrom = (start: number) => [...trail.slice(start), member].map(({ name }) => name);
    if (member.id === this.team.id) return [this.team.name, ...namesFrom(0)];
    if (trail.includes(member)) return namesFrom(trail.indexOf(member));
    for (const inner of this.graph.nodesOf(node)) {
      const cycle = this.cycleFrom(inner, [...trail, member]);
      if (cycle) return cycle;
    }
    this.sound.add(member);
    return null;
  }

  /** The names along the longest way down; only where there is no cycle. */
  deepestFrom(node: TeamNode): string[] {
    const member = this.graph.at(node);
    if (!member) return [];
    const known = this.deepest.get(member);
    if (known) return known;
    const below = this.graph
      .nodesOf(node)
      .map((inner) => this.deepestFrom(inner))
      .reduce((longest, each) => (each.length > longest.length ? each : longest), []);
    const way = [member.name, ...below];
    this.deepest.set(member, way);
    return way;
  }
}
