import type { Database } from '#core/database/database';
import type { ModelTurn } from '#core/model/model.port';
import type { Viewer } from '#core/viewer';
import type { LiveSession } from '#prisma/generated/client';
import type { PeerDirectory } from '../peer-directory.ts';
import { rolledBackRuns } from '../rollback/rolled-back.ts';
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
  const rows = await database.scoped.message.findMany({
    where: {
      conversationId: session.conversationId,
      isShown: true,
      status: { not: 'STREAMING' },
      createdAt: { lte: session.startedAt },
    },
    orderBy: { position: 'desc' },
    take: MAX_MESSAGES,
  });
  const rolledBack = await rolledBackRuns(database, rows);
  const said = rows.filter(({ runId }) => !rolledBack.has(runId ?? ''));
  if (said.length === 0) return [];
  const idsOf = (kind: 'USER' | 'AGENT') => [
    ...new Set(
      said.filter((row) => row.authorKind === kind && row.authorId !== session.agentId).map((row) => row.authorId),
    ),
  ];
  const named = await Promise.all([
    directory.users(viewer, idsOf('USER')),
    directory.agentNames(viewer, idsOf('AGENT')),
  ]);
  const names = new Map(named.flat().map(({ id, name }) => [id, name]));
  return buildTranscript(said.reverse(), { agentId: session.agentId, names, maxCharacters: MAX_CHARACTERS });
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
