import type { TeamNode } from '#core/agent/team-definition';
import type { AgentRows } from '../agent.loaders.ts';
import { isInUse } from '../agent.policy.ts';
import type { AgentContent } from '../agent-definition.ts';
import { type AgentRow, contentOf, draftOf } from '../agent-row.ts';

/** An agent at a node. */
export interface Member {
  id: string;
  name: string;
  isArchived: boolean;
  /** What works there; null where that was never published. */
  content: AgentContent | null;
}

/** Which content counts of a member whose version is not given: what is being edited of it, or what answers. */
export type MemberState = 'DRAFT' | 'PUBLISHED';

type NodeRef = Pick<TeamNode, 'agentId' | 'version'>;

/** More agents than any team is made of: what lies beyond is not looked at. */
const MAX_MEMBERS = 500;

/** The agents that a team comes to, by the nodes that name them. */
export class MemberGraph {
  private readonly members = new Map<string, Member>();

  private constructor() {}

  /** Reads the members of the nodes, those of their teams and so on: level by level, each with a query a kind. */
  static async read(rows: AgentRows, nodes: readonly NodeRef[], state: MemberState): Promise<MemberGraph> {
    const graph = new MemberGraph();
    const asked = new Set<string>();
    let level = nodes;
    while (level.length > 0 && asked.size < MAX_MEMBERS) {
      const fresh = new Map(level.map((node) => [keyOf(node), node] as const).filter(([key]) => !asked.has(key)));
      for (const key of fresh.keys()) asked.add(key);
      const found = await Promise.all(
        [...fresh].map(async ([key, node]) => [key, await read(rows, node, state)] as const),
      );
      for (const [key, member] of found) if (member) graph.members.set(key, member);
      level = found.flatMap(([, member]) => member?.content?.definition.team?.nodes ?? []);
    }
    return graph;
  }

  /** Null where there is no such agent. */
  at(node: NodeRef): Member | null {
    return this.members.get(keyOf(node)) ?? null;
  }

  /** The nodes of a member that is a team. */
  nodesOf(node: NodeRef): readonly TeamNode[] {
    return this.at(node)?.content?.definition.team?.nodes ?? [];
  }
}

const keyOf = ({ agentId, version }: NodeRef): string => `${agentId}/${version ?? ''}`;

async function read(rows: AgentRows, { agentId, version }: NodeRef, state: MemberState): Promise<Member | null> {
  const agent = await rows.agent.load(agentId);
  if (!agent) return null;
  const content = await contentAt(rows, agent, version, state);
  return { id: agent.id, name: agent.name, isArchived: !isInUse(agent), content };
}

async function contentAt(
  { version: versions, numberedVersion }: AgentRows,
  agent: AgentRow,
  version: number | null,
  state: MemberState,
): Promise<AgentContent | null> {
  if (version === null && state === 'DRAFT') return draftOf(agent);
  const row =
    version !== null
      ? await numberedVersion.load({ agentId: agent.id, number: version })
      : agent.publishedVersionId && (await versions.load(agent.publishedVersionId));
  return row ? contentOf(row) : null;
}
