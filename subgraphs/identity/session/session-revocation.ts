import type { Bus } from '#core/bus/bus';
import type { Unit } from '#core/database/transaction';
import { publishViewerChange } from '#core/viewer-change';
import type { Prisma } from '#prisma/generated/client';

/** Why a session ended before its time. */
export type RevocationReason =
  | 'LOG_OUT'
  | 'REVOKED'
  | 'REPLAY'
  | 'PASSWORD_CHANGED'
  | 'MEMBER_REMOVED'
  | 'SWITCHED'
  | 'ACCOUNT_CLAIMED';

interface SessionWriter {
  session: {
    updateMany(args: {
      where: Prisma.SessionWhereInput;
      data: { revokedAt: Date; revokedReason: string };
    }): PromiseLike<{ count: number }>;
  };
}

/**
 * Ends the live sessions that `where` finds, within a transaction, and has the sockets of the user looked at again
 * after it. Returns how many there were.
 */
export async function revokeSessions(
  unit: Pick<Unit<SessionWriter>, 'tx' | 'afterCommit'>,
  bus: Bus,
  where: Prisma.SessionWhereInput & { userId: string },
  revokedReason: RevocationReason,
): Promise<number> {
  const { count } = await unit.tx.session.updateMany({
    where: { ...where, revokedAt: null },
    data: { revokedAt: new Date(), revokedReason },
  });
  unit.afterCommit(() => publishViewerChange(bus, { userId: where.userId }));
  return count;
}
