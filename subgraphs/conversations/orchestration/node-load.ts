import type { Database } from '#core/database/database';

/** How an agent is doing in its organization. */
export interface AgentLoad {
  /** What it has under way: runs of its own, and work for teams. */
  running: number;
  /** Its model has failed time and again of late. */
  isFailing: boolean;
}

/** An agent is passed over whose newest works for teams, so many of them, have all failed by its model. */
const FAILURES = 3;
/** What was longer ago is not looked at, in seconds. */
const LATELY_SECONDS = 600;
/** Choices of a team that are looked at: whoever is not among them was not chosen for long. */
const CHOICES = 200;

/** How agents are doing. Each is looked up by itself, and no further back than it matters. */
export async function loadsOf(
  database: Database,
  orgId: string,
  agentIds: readonly string[],
): Promise<Map<string, AgentLoad>> {
  const rows = await database.scoped.$queryRaw<(AgentLoad & { id: string })[]>`
    SELECT a.id::text AS id, failing AS "isFailing",
           ((SELECT count(*) FROM runs r WHERE r.org_id = ${orgId}::uuid AND r.state = 'RUNNING' AND r.agent_id = a.id)
            + (SELECT count(*) FROM runs r JOIN steps s ON s.org_id = r.org_id AND s.run_id = r.id
               WHERE r.org_id = ${orgId}::uuid AND r.state = 'RUNNING'
                 AND s.agent_id = a.id AND s.kind = 'AGENT' AND s.state = 'RUNNING'))::int AS running
    FROM unnest(${agentIds}::uuid[]) AS a(id), LATERAL (
      SELECT count(*) = ${FAILURES}::int AND coalesce(bool_and(failed), false) AS failing
      FROM (SELECT state = 'FAILED' AND error->>'code' LIKE 'MODEL\\_%' AS failed FROM steps
            WHERE org_id = ${orgId}::uuid AND agent_id = a.id AND kind = 'AGENT' AND finished_at IS NOT NULL
              AND started_at > clock_timestamp() - make_interval(secs => ${LATELY_SECONDS}::int)
            ORDER BY started_at DESC LIMIT ${FAILURES}::int) AS newest) AS health`;
  return new Map(rows.map(({ id, ...load }) => [id, load]));
}

/** When a team has last chosen each of its nodes, in milliseconds; those that it has not are left out. */
export async function lastChoices(database: Database, orgId: string, teamId: string): Promise<Map<string, number>> {
  const rows = await database.scoped.$queryRaw<{ node: string; at: Date }[]>`
    SELECT node, max(started_at) AS at
    FROM (SELECT output #>> '{}' AS node, started_at FROM steps
          WHERE org_id = ${orgId}::uuid AND agent_id = ${teamId}::uuid AND kind = 'DECISION' AND name = 'route'
            AND state = 'SUCCEEDED'
          ORDER BY started_at DESC LIMIT ${CHOICES}::int) AS newest
    GROUP BY node`;
  return new Map(rows.map(({ node, at }) => [node, at.getTime()]));
}
