import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { perRequest, type RequestContext } from '#core/request-context';
import type { AgentRow, AgentVersionRow } from './agent-row.ts';

/** The newest versions of one agent below a number: a page of its list, and how long that may be. */
export interface VersionPageKey {
  agentId: string;
  below: number | null;
  limit: number;
}

/** Reads of one request, gathered into one query a kind. Each is confined to the viewer's organization. */
export interface AgentLoaders {
  agent: DataLoader<string, AgentRow | null>;
  version: DataLoader<string, AgentVersionRow | null>;
  versionPage: DataLoader<VersionPageKey, AgentVersionRow[]>;
  versionCount: DataLoader<string, number>;
}

export type AgentLoadersOf = (context: RequestContext) => AgentLoaders;

export const createAgentLoaders = ({ scoped, scopedPool }: Pick<Database, 'scoped' | 'scopedPool'>): AgentLoadersOf =>
  perRequest(() => {
    const version = new DataLoader(async (ids: readonly string[]) => {
      const rows = await scoped.agentVersion.findMany({ where: { id: { in: [...ids] } } });
      return inOrderOf(ids, rows);
    });
    return {
      version,
      agent: new DataLoader(async (ids: readonly string[]) => {
        const rows = await scoped.agent.findMany({ where: { id: { in: [...ids] } } });
        return inOrderOf(ids, rows);
      }),
      versionCount: new DataLoader(async (agentIds: readonly string[]) => {
        const where = { agentId: { in: [...agentIds] } };
        const counts = await scoped.agentVersion.groupBy({ by: ['agentId'], where, _count: true });
        return agentIds.map((id) => counts.find((count) => count.agentId === id)?._count ?? 0);
      }, UNCACHED),
      versionPage: new DataLoader(async (keys: readonly VersionPageKey[]) => {
        const { rows } = await scopedPool.query<{ key: number; ids: string[] }>(PAGES, [
          keys.map((_, index) => index),
          keys.map((key) => key.agentId),
          keys.map((key) => key.below),
          keys.map((key) => key.limit),
        ]);
        const pages = new Map(rows.map((row) => [row.key, row.ids]));
        return Promise.all(
          keys.map(async (_, index) => {
            const found = await version.loadMany(pages.get(index) ?? []);
            return found.flatMap((row) => (row && !(row instanceof Error) ? row : []));
          }),
        );
      }, UNCACHED),
    };
  });

/** Gathers without remembering: a request with several mutations adds versions as it goes. */
const UNCACHED = { cache: false };

/** The ids of the pages of several agents, each newest first. Row-level security confines them to the organization. */
const PAGES = `
  SELECT wanted.key, array(
    SELECT v.id FROM agent_versions v
    WHERE v.agent_id = wanted.agent_id AND (wanted.below IS NULL OR v.number < wanted.below)
    ORDER BY v.number DESC LIMIT wanted.size) AS ids
  FROM unnest($1::int[], $2::uuid[], $3::int[], $4::int[]) AS wanted (key, agent_id, below, size)`;

function inOrderOf<Row extends { id: string }>(ids: readonly string[], rows: Row[]): (Row | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
