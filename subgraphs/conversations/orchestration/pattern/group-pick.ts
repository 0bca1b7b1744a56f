import type { RouterTeam } from '#core/agent/team-definition';
import type { Team } from './team.ts';

interface Member {
  node: string;
  priority: number;
  weight: number;
}

/**
 * The node that works in place of the one that was chosen: of its group, those that can answer, by the team's selection.
 * Null where none can.
 */
export async function pickOfGroup(
  team: Team,
  flow: RouterTeam,
  wanted: string,
  reasons: string[],
): Promise<string | null> {
  const group = flow.groups.find(({ nodes }) => nodes.some(({ node }) => node === wanted));
  const members: Member[] = group?.nodes ?? [{ node: wanted, priority: 0, weight: 1 }];
  const able = await ableOf(team, members, reasons);
  if (able.length < 2) return able[0]?.node ?? null;
  const loads = await team.scope.room.loads(able.map(({ node }) => team.node(node).agentId));
  const load = ({ node }: Member) => loads.get(team.node(node).agentId) ?? { running: 0, served: 0 };
  const chosen = pick(flow.selection, able, load, Math.random());
  reasons.push(`Of ${able.map(({ node }) => node).join(', ')} it is ${chosen.node}, by ${flow.selection}.`);
  return chosen.node;
}

async function ableOf(team: Team, members: readonly Member[], reasons: string[]): Promise<Member[]> {
  const found = await Promise.all(
    members.map(({ node }) => team.scope.roster.find(team.node(node).agentId, team.node(node).version)),
  );
  return members.filter(({ node }, index) => {
    if (!found[index]) reasons.push(`${node} cannot answer now.`);
    return found[index];
  });
}

/**
 * One of several that could work. Pure.
 * @param load How much each has under way, and how often it was chosen before.
 * @param random From 0 up to, but not including, 1.
 */
export function pick<One extends Member>(
  selection: RouterTeam['selection'],
  members: readonly One[],
  load: (member: One) => { running: number; served: number },
  random: number,
): One {
  const by = (measure: (member: One) => number) =>
    members.reduce((best, member) => (measure(member) < measure(best) ? member : best));
  switch (selection) {
    case 'PRIORITY':
      return by(({ priority }) => priority);
    case 'LEAST_LOADED':
      return by((member) => load(member).running);
    case 'ROUND_ROBIN':
      return by((member) => load(member).served);
    case 'WEIGHTED': {
      const total = members.reduce((sum, { weight }) => sum + weight, 0);
      let point = random * total;
      for (const member of members) {
        point -= member.weight;
        if (point < 0) return member;
      }
      return members[0] as One;
    }
  }
}
