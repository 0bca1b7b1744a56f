import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { RawTransaction, Transactions } from '#core/database/transaction';
import type { Sealer } from '#core/seal';
import type { StreamEvent } from '#core/stream/event';
import { readAfter } from '#core/stream/log-reader';
import type { Streams } from '#core/stream/streams';
import type { LiveSession } from '#prisma/generated/client';
import { type LiveStreamEvent, readLiveEvent } from './live-event.ts';
import { type LiveProgress, readProgress } from './live-progress.ts';

/** How long a process may be silent before another takes its sessions, in seconds. */
export const LIVE_LEASE_SECONDS = 6;

/** What statements past the ORM return of a session, in the shape that the ORM gives it. */
export const SESSION_COLUMNS = `
  id::text, org_id::text AS "orgId", conversation_id::text AS "conversationId", agent_id::text AS "agentId",
  agent_version AS "agentVersion", user_id::text AS "userId", credential_kind AS "credentialKind",
  credential_id::text AS "credentialId", model, modality, voice, state::text, fence, owner_id::text AS "ownerId",
  lease_until AS "leaseUntil", handle, uncovered, turn, audio_index AS "audioIndex",
  settled_sequence AS "settledSequence", last_sequence AS "lastSequence", checkpoint_seq::int8 AS "checkpointSeq", usage, error,
  end_reason AS "endReason", started_at AS "startedAt", last_active_at AS "lastActiveAt", expires_at AS "expiresAt",
  ended_at AS "endedAt", stream_removed_at AS "streamRemovedAt"`;

/** The session in the hands of this process, and where it stood. */
export interface ClaimedSession {
  session: LiveSession;
  handle: string | null;
  progress: LiveProgress;
}

export interface ClaimOptions {
  database: Database;
  transactions: Transactions;
  streams: Streams;
  sealer: Sealer;
  instanceId: string;
}

/** What handles are sealed for. */
export const HANDLE_PURPOSE = 'live session handle';

/** Takes a session that nobody holds. @returns null where there is nothing to take. */
export async function claimSession(
  { id, orgId }: { id: string; orgId: string },
  { database, transactions, streams, sealer, instanceId }: ClaimOptions,
): Promise<ClaimedSession | null> {
  return runInOrg(orgId, async () => {
    const session = await transactions.direct(async ({ tx }) => {
      const [row] = await tx.$queryRawUnsafe<LiveSession[]>(CLAIM, id, instanceId, LIVE_LEASE_SECONDS);
      if (row) await streams.fence(tx, { id, orgId, epoch: row.fence });
      return row ?? null;
    });
    if (!session) return null;
    // From here on nobody else writes in its stream: it stands still while it is read.
    const progress = readProgress(session, await readOpenTurn(database, session));
    const handle = session.handle && sealer.open(session.handle, HANDLE_PURPOSE).toString('utf8');
    return { session, handle, progress };
  });
}

const CLAIM = `
  UPDATE live_sessions SET fence = fence + 1, owner_id = $2::uuid,
    lease_until = clock_timestamp() + make_interval(secs => $3::int)
  WHERE id = $1::uuid AND state IN ('STARTING', 'ACTIVE') AND (lease_until IS NULL OR lease_until < clock_timestamp())
  RETURNING ${SESSION_COLUMNS}`;

/** The events behind the last turn that ended. Inside the session's organization. */
async function readOpenTurn({ scopedPool }: Database, { id, checkpointSeq }: LiveSession): Promise<LiveStreamEvent[]> {
  const events: LiveStreamEvent[] = [];
  for (let after = Number(checkpointSeq); ; ) {
    const page = await readAfter(scopedPool, id, after);
    events.push(...page.map(readLiveEvent));
    const last = page.at(-1);
    if (!last) return events;
    after = last.seq;
  }
}

/** The same without what was spoken, within a transaction. */
export async function readOpenWords(
  tx: RawTransaction,
  { id, checkpointSeq }: LiveSession,
): Promise<LiveStreamEvent[]> {
  const rows = await tx.$queryRaw<StreamEvent[]>`
    SELECT seq::float8 AS seq, type, payload, at FROM stream_events
    WHERE topic = ${id}::uuid AND seq > ${String(checkpointSeq)}::bigint AND type <> 'LiveAudio' ORDER BY seq`;
  return rows.map(readLiveEvent);
}

/** Whether this process still holds the session; its row is locked until the end of the transaction. */
export async function holdSession(tx: RawTransaction, { id, fence }: LiveSession): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM live_sessions
    WHERE id = ${id}::uuid AND fence = ${fence} AND state IN ('STARTING', 'ACTIVE') FOR NO KEY UPDATE`;
  return rows.length > 0;
}
