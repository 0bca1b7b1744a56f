import type { RawTransaction } from '#core/database/transaction';
import type { Takeover } from '#prisma/generated/client';

/** A takeover as it was, in an event or for whoever looks. */
export type TakeoverSnapshot = Pick<Takeover, 'agentId' | 'takenById' | 'takenAt'>;

export const snapshotTakeover = ({ agentId, takenById, takenAt }: Takeover): TakeoverSnapshot => ({
  agentId,
  takenById,
  takenAt,
});

export const presentTakeover = ({ agentId, takenById, takenAt }: TakeoverSnapshot) => ({
  agent: agentId === null ? null : { __typename: 'Agent' as const, id: agentId },
  by: { __typename: 'User' as const, id: takenById },
  since: takenAt,
});

/** Which of the agents of a room answer nothing now. */
export async function silencedAgents(
  tx: Pick<RawTransaction, '$queryRaw'>,
  roomId: string,
  agentIds: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ agentId: string | null }[]>`
    SELECT agent_id::text AS "agentId" FROM takeovers WHERE conversation_id = ${roomId}::uuid`;
  const isWhole = rows.some(({ agentId }) => agentId === null);
  return new Set(isWhole ? agentIds : rows.flatMap(({ agentId }) => agentId ?? []));
}
