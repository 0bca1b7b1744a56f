import type { Database } from '#core/database/database';
import type { ModelTurn } from '#core/model/model.port';
import type { Viewer } from '#core/viewer';
import type { LiveSession } from '#prisma/generated/client';
import { summaryTurn } from '../context/fold-history.ts';
import { RoomHistory } from '../context/room-history.ts';
import type { PeerDirectory } from '../peer-directory.ts';
import { buildTranscript } from '../run/transcript.ts';

/** How much of the room a live model is told, in characters and messages: it is paid for again with every turn. */
const MAX_CHARACTERS = 20_000;
const MAX_MESSAGES = 100;

/** What was said in the room before, for a model that begins anew. Inside the session's organization. */
export async function readHistory(
  session: LiveSession,
  viewer: Viewer,
  { database, directory }: { database: Database; directory: PeerDirectory },
): Promise<ModelTurn[]> {
  const { orgId, conversationId, agentId, userId, startedAt } = session;
  const reading = { orgId, conversationId, triggerMessageId: null, startedById: userId };
  const history = new RoomHistory(reading, viewer, database, directory);
  const { summary, lines } = await history.read(agentId);
  const said = lines
    .filter(({ createdAt }) => createdAt <= startedAt)
    .slice(-MAX_MESSAGES)
    // A model that listens is told what was said, not by which calls.
    .map(({ exchange: _void, ...line }) => line);
  const names = await history.names(said, agentId);
  const [first, ...others] = buildTranscript(said, { agentId, names, maxCharacters: MAX_CHARACTERS });
  const turns = first ? [first, ...others] : [];
  if (!summary) return turns;
  const { isSummary: _void, ...told } = summaryTurn(summary);
  // The sides take turns.
  return first?.role === 'user' ? [{ ...told, parts: [...told.parts, ...first.parts] }, ...others] : [told, ...turns];
}

/** Whoever talks, with no more than reading what the session needs. */
export const onBehalfOf = (session: Pick<LiveSession, 'id' | 'orgId' | 'userId'>): Viewer => ({
  userId: session.userId,
  userKind: 'HUMAN',
  orgId: session.orgId,
  role: 'WORKER',
  permissions: ['agents:read', 'organization:read', 'conversations:read'],
  credential: { kind: 'SESSION', id: session.id, expiresAt: null },
});
