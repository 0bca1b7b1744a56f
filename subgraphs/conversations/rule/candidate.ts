import type { Database } from '#core/database/database';
import type { RouteStrategy, RouteTarget } from '#core/rule/rule-action';
import { loadsOf } from '../orchestration/node-load.ts';
import { pick } from '../orchestration/pattern/group-pick.ts';

/** Somebody who could answer, and how that one is doing. */
export interface Candidate extends RouteTarget {
  name: string;
  /** What it has under way; of a person, the rooms that are in that person's hands. */
  running: number;
  isFailing: boolean;
  /** When the rule has last chosen it, in milliseconds; 0 where it never did. */
  chosenAt: number;
  /** Why it cannot answer; null where it can. */
  passedOver: string | null;
}

/** How many of an agent's newest runs are looked at, and for how long back in seconds. */
const NEWEST = 3;
const LATELY_SECONDS = 600;

/** What agents and persons have under way, and whose model keeps failing. */
export async function standingsOf(
  database: Database,
  orgId: string,
  targets: readonly RouteTarget[],
): Promise<Map<string, { running: number; isFailing: boolean }>> {
  const idsOf = (kind: RouteTarget['kind']) => targets.flatMap((target) => (target.kind === kind ? [target.id] : []));
  const agentIds = idsOf('AGENT');
  const [loads, failing, persons] = await Promise.all([
    loadsOf(database, orgId, agentIds),
    database.scoped.$queryRaw<{ id: string }[]>`
      SELECT a.id::text AS id FROM unnest(${agentIds}::uuid[]) AS a(id), LATERAL (
        SELECT count(*) = ${NEWEST}::int AND bool_and(failed) AS failing
        FROM (SELECT state = 'FAILED' AND error->>'code' LIKE 'MODEL\\_%' AS failed FROM runs
              WHERE org_id = ${orgId}::uuid AND agent_id = a.id AND finished_at IS NOT NULL
                AND finished_at > clock_timestamp() - make_interval(secs => ${LATELY_SECONDS}::int)
              ORDER BY id DESC LIMIT ${NEWEST}::int) AS newest) AS health
      WHERE failing`,
    database.scoped.$queryRaw<{ id: string; running: number }[]>`
      SELECT taken_by_id::text AS id, count(*)::int AS running FROM takeovers
      WHERE org_id = ${orgId}::uuid AND taken_by_id = ANY(${idsOf('USER')}::uuid[]) GROUP BY 1`,
  ]);
  const failingIds = new Set(failing.map(({ id }) => id));
  return new Map([
    ...agentIds.map((id) => {
      const load = loads.get(id);
      return [
        id,
        { running: load?.running ?? 0, isFailing: failingIds.has(id) || (load?.isFailing ?? false) },
      ] as const;
    }),
    ...persons.map(({ id, running }) => [id, { running, isFailing: false }] as const),
  ]);
}

/**
 * Who of the candidates answers, by the strategy; null where nobody can. Whoever keeps failing is passed over, unless all
 * do. Says in `reasons` how it came to that. Pure.
 * @param random From 0 up to, but not including, 1.
 */
export function chooseCandidate(
  candidates: readonly Candidate[],
  strategy: RouteStrategy,
  random: number,
  reasons: string[],
): Candidate | null {
  const able = candidates.filter(({ passedOver }) => passedOver === null);
  for (const { name, passedOver } of candidates) if (passedOver) reasons.push(`${name}: ${passedOver}`);
  const well = able.filter(({ isFailing }) => !isFailing);
  for (const { name, isFailing } of able)
    if (isFailing) reasons.push(`The model of ${name} has failed time and again.`);
  // Where all of them fail, one of them may be well again.
  const left = well.length > 0 ? well : able;
  if (left.length === 0) {
    reasons.push('None of the candidates can answer.');
    return null;
  }
  const members = left.map((candidate, index) => ({
    candidate,
    node: candidate.id,
    priority: index,
    weight: candidate.weight,
  }));
  const selection = strategy === 'FIRST' ? 'PRIORITY' : strategy;
  const { candidate } = pick(selection, members, (member) => member.candidate, random);
  reasons.push(`Of ${left.map(({ name }) => name).join(', ')} it is ${candidate.name}, by ${strategy}.`);
  return candidate;
}
