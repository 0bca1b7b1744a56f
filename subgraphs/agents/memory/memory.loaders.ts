import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { perRequest, type RequestContext } from '#core/request-context';
import type { MemoryRevisionRow } from './memory-row.ts';

/** The newest revisions of one block below a number: a page of its list, and how long that may be. */
export interface RevisionPageKey {
  blockId: string;
  below: number | null;
  limit: number;
}

/** Reads of one request, gathered into one query. */
export interface MemoryLoaders {
  revisionPage: DataLoader<RevisionPageKey, MemoryRevisionRow[]>;
}

export type MemoryLoadersOf = (context: RequestContext) => MemoryLoaders;

export const createMemoryLoaders = ({ scopedPool }: Pick<Database, 'scopedPool'>): MemoryLoadersOf =>
  perRequest(() => ({
    revisionPage: new DataLoader(
      async (keys: readonly RevisionPageKey[]) => {
        const { rows } = await scopedPool.query<MemoryRevisionRow & { key: number }>(PAGES, [
          keys.map((_, index) => index),
          keys.map((key) => key.blockId),
          keys.map((key) => key.below),
          keys.map((key) => key.limit),
        ]);
        return keys.map((_, index) => rows.filter((row) => row.key === index));
      },
      // A request with several mutations adds revisions as it goes.
      { cache: false },
    ),
  }));

/** Pages of several blocks, each newest first. Row-level security confines them to the organization. */
const PAGES = `
  SELECT wanted.key, found.*
  FROM unnest($1::int[], $2::uuid[], $3::int[], $4::int[]) AS wanted (key, block_id, below, size)
  CROSS JOIN LATERAL (
    SELECT r.id, r.org_id AS "orgId", r.block_id AS "blockId", r.number, r.operation, r.author_kind AS "authorKind",
      r.author_id AS "authorId", r.on_behalf_of_id AS "onBehalfOfId", r.conversation_id AS "conversationId",
      r.run_id AS "runId", r.value, r.idempotency_key AS "idempotencyKey", r.created_at AS "createdAt"
    FROM memory_revisions r
    WHERE r.block_id = wanted.block_id AND (wanted.below IS NULL OR r.number < wanted.below)
    ORDER BY r.number DESC LIMIT wanted.size) AS found
  ORDER BY wanted.key, found.number DESC`;
