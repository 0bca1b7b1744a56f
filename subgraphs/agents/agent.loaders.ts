import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import type { ScopedClient } from '#core/database/scoped-client';
import { perRequest, type RequestContext } from '#core/request-context';
import type { AgentCursor } from './agent-filter.ts';
import type { AgentRow, AgentVersionRow } from './agent-row.ts';

/** One version by its number. */
export interface NumberedVersion {
  agentId: string;
  number: number;
}

/** The newest versions of one agent below a number: a page of its list, and how long that may be. */
export interface VersionPageKey {
  agentId: string;
  below: number | null;
  limit: number;
}

/** The newest teams that hold an agent, below a cursor. */
export interface TeamPageKey {
  memberId: string;
  below: AgentCursor | null;
  limit: number;
}

/** Rows by what names them, gathered into one query a kind. */
export interface AgentRows {
  agent: DataLoader<string, AgentRow | null>;
  version: DataLoader<string, AgentVersionRow | null>;
  numberedVersion: DataLoader<NumberedVersion, AgentVersionRow | null, string>;
}

/** Reads of one request. Each is confined to the viewer's organization. */
export interface AgentLoaders extends AgentRows {
  versionPage: DataLoader<VersionPageKey, AgentVersionRow[]>;
  versionCount: DataLoader<string, number>;
  teamPage: DataLoader<TeamPageKey, AgentRow[]>;
  teamCount: DataLoader<string, number>;
}

export type AgentLoadersOf = (context: RequestContext) => AgentLoaders;

/** @param client A transaction, for reads within it. */
export function createAgentRows({ agent, agentVersion }: Pick<ScopedClient, 'agent' | 'agentVersion'>): AgentRows {
  return {
    agent: new DataLoader(async (ids: readonly string[]) =>
      inOrderOf(ids, await agent.findMany({ where: { id: { in: [...ids] } } }), (row) => row.id),
    ),
    version: new DataLoader(async (ids: readonly string[]) =>
      inOrderOf(ids, await agentVersion.findMany({ where: { id: { in: [...ids] } } }), (row) => row.id),
    ),
    numberedVersion: new DataLoader<NumberedVersion, AgentVersionRow | null, string>(
      async (keys) => {
        const rows = await agentVersion.findMany({
          where: { OR: keys.map(({ agentId, number }) => ({ agentId, number })) },
        });
        return inOrderOf(keys.map(nameOf), rows, nameOf);
      },
      { cacheKeyFn: nameOf },
    ),
  };
}

const nameOf = ({ agentId, number }: NumberedVersion): string => `${agentId}/${number}`;

export const createAgentLoaders = ({ scoped, scopedPool }: Pick<Database, 'scoped' | 'scopedPool'>): AgentLoadersOf =>
  perRequest(() => {
    const rows = createAgentRows(scoped);
    const idsOf = async (sql: string, columns: unknown[][]): Promise<string[][]> => {
      const [first = []] = columns;
      const pages = await scopedPool.query<{ key: number; ids: string[] }>(sql, [first.map((_, at) => at), ...columns]);
      const byKey = new Map(pages.rows.map(({ key, ids }) => [key, ids]));
      return first.map((_, at) => byKey.get(at) ?? []);
    };
    return {
      ...rows,
      versionCount: new DataLoader(async (agentIds: readonly string[]) => {
        const where = { agentId: { in: [...agentIds] } };
        const counts = await scoped.agentVersion.groupBy({ by: ['agentId'], where, _count: true });
        return agentIds.map((id) => counts.find((count) => count.agentId === id)?._count ?? 0);
      }, UNCACHED),
      versionPage: new DataLoader(async (keys: readonly VersionPageKey[]) => {
        const pages = await idsOf(VERSION_PAGES, [
          keys.map((key) => key.agentId),
          keys.map((key) => key.below),
          keys.map((key) => key.limit),
        ]);
        return Promise.all(pages.map((ids) => loadAll(rows.version, ids)));
      }, UNCACHED),
      teamPage: new DataLoader(async (keys: readonly TeamPageKey[]) => {
        const pages = await idsOf(TEAM_PAGES, [
          keys.map((key) => key.memberId),
          keys.map((key) => key.below?.createdAt ?? null),
          keys.map((key) => key.below?.id ?? null),
          keys.map((key) => key.limit),
        ]);
        return Promise.all(pages.map((ids) => loadAll(rows.agent, ids)));
      }, UNCACHED),
      teamCount: new DataLoader(async (memberIds: readonly string[]) => {
        const { rows: counts } = await scopedPool.query<{ id: string; count: number }>(TEAM_COUNTS, [memberIds]);
        return memberIds.map((id) => counts.find((count) => count.id === id)?.count ?? 0);
      }, UNCACHED),
    };
  });

/** Gathers without remembering: a request with several mutations adds versions and teams as it goes. */
const UNCACHED = { cache: false };

/** The ids of the pages of several agents, each newest first. Row-level security confines them to the organization. */
const VERSION_PAGES = `
  SELECT wanted.key, array(
    SELECT v.id FROM agent_versions v
    WHERE v.agent_id = wanted.agent_id AND (wanted.below IS NULL OR v.number < wanted.below)
    ORDER BY v.number DESC LIMIT wanted.size) AS ids
  FROM unnest($1::int[], $2::uuid[], $3::int[], $4::int[]) AS wanted (key, agent_id, below, size)`;

/** The same for the teams in use that hold an agent, in what is edited or in what answers. */
const TEAM_PAGES = `
  SELECT wanted.key, array(
    SELECT t.id FROM agents t
    WHERE t.archived_at IS NULL
      AND t.id IN (SELECT m.team_id FROM team_members m WHERE m.member_id = wanted.member_id)
      AND (wanted.below IS NULL OR (t.created_at, t.id) < (wanted.below, wanted.below_id))
    ORDER BY t.created_at DESC, t.id DESC LIMIT wanted.size) AS ids
  FROM unnest($1::int[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::int[])
    AS wanted (key, member_id, below, below_id, size)`;

const TEAM_COUNTS = `
  SELECT m.member_id::text AS id, count(DISTINCT m.team_id)::int AS count
  FROM team_members m JOIN agents t ON t.id = m.team_id
  WHERE m.member_id = ANY($1::uuid[]) AND t.archived_at IS NULL GROUP BY m.member_id`;

function inOrderOf<Row>(keys: readonly string[], rows: Row[], keyOf: (row: Row) => string): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

async function loadAll<Row>(loader: DataLoader<string, Row | null>, ids: readonly string[]): Promise<Row[]> {
  const found = await loader.loadMany(ids);
  return found.flatMap((row) => (row && !(row instanceof Error) ? [row] : []));
}
