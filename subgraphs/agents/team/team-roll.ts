import type { ScopedTransaction } from '#core/database/scoped-client';
import { badInputs, conflict } from '#core/error';
import { createAgentRows } from '../agent.loaders.ts';
import type { AgentContent } from '../agent-definition.ts';
import type { AgentRow } from '../agent-row.ts';
import { checkMembers } from './check-members.ts';

type Place = 'DRAFT' | 'PUBLISHED';

/** Any number, the same for all of Parley's processes. */
const TEAMS_LOCK = 20_261_125;

/** How many teams a refusal names. */
const MAX_NAMED = 5;

/**
 * Lets the changes to who is in which team follow one another within the organization, until the transaction ends: two
 * teams that take each other in at the same moment would not see that. Rows are locked before, never after.
 */
export async function lockTeams(tx: ScopedTransaction, orgId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${orgId}::text, ${TEAMS_LOCK}::bigint))`;
}

/** Keeps on record whom a team holds, in what is edited of it or in what answers. */
export async function recordMembers(
  tx: ScopedTransaction,
  teamId: string,
  place: Place,
  { definition: { team } }: AgentContent,
): Promise<void> {
  await tx.teamMember.deleteMany({ where: { teamId, place } });
  const members = [...new Set(team?.nodes.map(({ agentId }) => agentId))];
  if (members.length === 0) return;
  await tx.teamMember.createMany({ data: members.map((memberId) => ({ teamId, memberId, place })) });
}

/**
 * Refuses what a team can never hold: agents that are unknown or archived, and itself. One that is not published yet may
 * still be.
 * @param agentId Of the team; null where it is being made.
 * @throws ParleyError `BAD_USER_INPUT` with the nodes
 */
export async function assertPossible(
  tx: ScopedTransaction,
  agentId: string | null,
  content: AgentContent,
): Promise<void> {
  const problems = await checkMembers(createAgentRows(tx), agentId, content, 'DRAFT');
  const refused = problems.filter(({ kind }) => kind === 'UNKNOWN' || kind === 'ARCHIVED' || kind === 'CYCLE');
  if (refused.length === 0) return;
  throw badInputs(refused.map(({ index, message }) => ({ path: `input.team.nodes.${index}.agentId`, message })));
}

/** @throws ParleyError `CONFLICT` naming the published teams in use that hold the agent */
export async function assertUnused(tx: ScopedTransaction, agent: AgentRow): Promise<void> {
  const where = {
    archivedAt: null,
    members: { some: { memberId: agent.id, place: 'PUBLISHED' as const } },
  };
  const teams = await tx.agent.findMany({ where, orderBy: { createdAt: 'asc' }, take: MAX_NAMED + 1 });
  if (teams.length === 0) return;
  const names = teams.slice(0, MAX_NAMED).map(({ name }) => `“${name}”`);
  const all = teams.length > MAX_NAMED ? `${names.join(', ')} and others` : names.join(', ');
  throw conflict(`“${agent.name}” works in ${all}: take it out of there, or archive it with force.`);
}
