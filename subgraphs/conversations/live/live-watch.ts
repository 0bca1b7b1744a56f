import type { Database } from '#core/database/database';
import type { Peers } from '#core/peer/peer';
import type { LiveSession } from '#prisma/generated/client';
import { LEFT } from '../budget/limit-statement.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { onBehalfOf } from './live-history.ts';
import { LiveEndReason } from './live-session.type.ts';

export interface LiveWatchOptions {
  database: Database;
  peers: Peers;
  directory: PeerDirectory;
}

interface Recheck {
  recheckCredentials: ({ userId: string; orgId: string; permissions: string[] } | null)[];
}

/** Of whom and why. */
type Unwelcome = [id: string, reason: LiveEndReason][];

const RECHECK = `query ($credentials: [CredentialReference!]!) {
  recheckCredentials(credentials: $credentials) { userId orgId permissions }
}`;

/**
 * Which of the sessions may not go on: their user or agent left the room, a person has taken over, a limit of tokens has nothing
 * left, what they were started with no longer holds, or the agent was archived. A part that cannot be asked ends none.
 */
export async function findUnwelcome(
  sessions: readonly LiveSession[],
  options: LiveWatchOptions,
): Promise<Map<string, LiveEndReason>> {
  if (sessions.length === 0) return new Map();
  const checks = await Promise.allSettled([
    absentFromRoom(sessions, options),
    takenOver(sessions, options),
    withoutTokens(sessions, options),
    withoutAccess(sessions, options),
    withoutAgent(sessions, options),
  ]);
  return new Map(checks.flatMap((check) => (check.status === 'fulfilled' ? check.value : [])));
}

async function absentFromRoom(sessions: readonly LiveSession[], { database }: LiveWatchOptions): Promise<Unwelcome> {
  const { rows } = await database.systemPool.query<{ id: string }>(
    `select s.id::text from live_sessions s
     join participants u on u.conversation_id = s.conversation_id and u.kind = 'USER'
       and u.participant_id = s.user_id and u.left_at is null
     join participants a on a.conversation_id = s.conversation_id and a.kind = 'AGENT'
       and a.participant_id = s.agent_id and a.left_at is null
     where s.id = any($1::uuid[])`,
    [sessions.map(({ id }) => id)],
  );
  const present = new Set(rows.map(({ id }) => id));
  return sessions.filter(({ id }) => !present.has(id)).map(({ id }) => [id, LiveEndReason.LEFT_ROOM]);
}

async function takenOver(sessions: readonly LiveSession[], { database }: LiveWatchOptions): Promise<Unwelcome> {
  const { rows } = await database.systemPool.query<{ id: string }>(
    `select distinct s.id::text from live_sessions s join takeovers t
       on t.conversation_id = s.conversation_id and (t.agent_id is null or t.agent_id = s.agent_id)
     where s.id = any($1::uuid[])`,
    [sessions.map(({ id }) => id)],
  );
  return rows.map(({ id }) => [id, LiveEndReason.TAKEN_OVER]);
}

async function withoutTokens(sessions: readonly LiveSession[], { database }: LiveWatchOptions): Promise<Unwelcome> {
  const { rows } = await database.systemPool.query<{ id: string }>(
    `select distinct s.id::text from live_sessions s join token_limits l
       on l.org_id = s.org_id and (l.agent_id is null or l.agent_id = s.agent_id)
     where s.id = any($1::uuid[]) and ${LEFT} <= 0`,
    [sessions.map(({ id }) => id)],
  );
  return rows.map(({ id }) => [id, LiveEndReason.TOKEN_LIMIT]);
}

async function withoutAccess(sessions: readonly LiveSession[], { peers }: LiveWatchOptions): Promise<Unwelcome> {
  const credentials = sessions.map(({ credentialKind, credentialId }) => ({ kind: credentialKind, id: credentialId }));
  const { recheckCredentials: found } = await peers.call<Recheck>('identity', {
    query: RECHECK,
    variables: { credentials },
    viewer: null,
  });
  return sessions
    .filter(({ userId, orgId }, index) => {
      const viewer = found[index];
      return !(
        viewer?.userId === userId &&
        viewer.orgId === orgId &&
        viewer.permissions.includes('conversations:write')
      );
    })
    .map(({ id }) => [id, LiveEndReason.ACCESS_REVOKED]);
}

async function withoutAgent(sessions: readonly LiveSession[], { directory }: LiveWatchOptions): Promise<Unwelcome> {
  const byOrg = new Map<string, LiveSession[]>();
  for (const session of sessions) byOrg.set(session.orgId, [...(byOrg.get(session.orgId) ?? []), session]);
  const gone = await Promise.all(
    [...byOrg.values()].map(async (own) => {
      const ids = [...new Set(own.map(({ agentId }) => agentId))];
      const [first] = own;
      const inUse = new Set((first ? await directory.agents(onBehalfOf(first), ids) : []).map(({ id }) => id));
      return own.filter(({ agentId }) => !inUse.has(agentId));
    }),
  );
  return gone.flat().map(({ id }) => [id, LiveEndReason.AGENT_UNAVAILABLE]);
}
