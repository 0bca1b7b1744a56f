import type { RouterTeam } from '#core/agent/team-definition';
import type { Team } from './team.ts';

interface Member {
  node: string;
  priority: number;
  weight: number;
  /** Left out in teams that were saved before there was one. */
  capacity?: number | null;
}

/** What is known of a member. */
interface Standing {
  running: number;
  /** When the team has last chosen it, in milliseconds; 0 where it did not of late. */
  chosenAt: number;
}

/**
 * The node that works in place of the one that was chosen: of its group, those that can answer, are well and have room, by
 * the team's selection. Null where there is none.
 */
export async function pickOfGroup(
  team: Team,
  flow: RouterTeam,
  wanted: string,
  reasons: string[],
): Promise<string | null> {
  const group = flow.groups.find(({ nodes }) => nodes.some(({ node }) => node === wanted));
  const members: Member[] = group?.nodes ?? [{ node: wanted, priority: 0, weight: 1 }];
  const present = await presentOf(team, members, reasons);
  if (!group || present.length === 0) return present[0]?.node ?? null;
  const agentOf = ({ node }: Member) => team.node(node).agentId;
  const [loads, choices] = await Promise.all([
    team.scope.room.loads(present.map(agentOf)),
    flow.selection === 'ROUND_ROBIN' ? team.scope.room.lastChoices(team.agent.id) : new Map<string, number>(),
  ]);
  const runningOf = (member: Member) => loads.get(agentOf(member))?.running ?? 0;
  const free = present.filter((member) => {
    const hasRoom = runningOf(member) < (member.capacity ?? Number.POSITIVE_INFINITY);
    if (!hasRoom) reasons.push(`${member.node} has as much under way as it may.`);
    return hasRoom;
  });
  const well = free.filter((member) => {
    const isFailing = loads.get(agentOf(member))?.isFailing ?? false;
    if (isFailing) reasons.push(`The model of ${member.node} has failed time and again.`);
    return !isFailing;
  });
  // Where all of them fail, one of them may be well again.
  const able = well.length > 0 ? well : free;
  if (able.length < 2) return able[0]?.node ?? null;
  const standing = (member: Member) => ({ running: runningOf(member), chosenAt: choices.get(member.node) ?? 0 });
  const chosen = pick(flow.selection, able, standing, Math.random());
  reasons.push(`Of ${able.map(({ node }) => node).join(', ')} it is ${chosen.node}, by ${flow.selection}.`);
  return chosen.node;
}

async function presentOf(team: Team, members: readonly Member[], reasons: string[]): Promise<Member[]> {
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
 * @param standing What each has under way, and when it was last chosen.
 * @param random From 0 up to, but not including, 1.
 */
export function pick<One extends Member>(
  selection: RouterTeam['selection'],
  members: readonly One[],
  standing: (member: One) => Standing,
  random: number,
): One {
  const by = (measure: (member: One) => number) =>
    members.reduce((best, member) => (measure(member) < measure(best) ? member : best));
  switch (selection) {
    case 'PRIORITY':
      return by(({ priority }) => priority);
    case 'LEAST_LOADED':
      return by((member) => standing(member).running);
    case 'ROUND_ROBIN':
      return by((member) => standing(member).chosenAt);
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
