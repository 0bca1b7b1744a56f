import type { RawTransaction, Unit } from '#core/database/transaction';
import type { Run } from '#prisma/generated/client';
import { lockRoomOfRun } from '../room-lock.ts';

/** What people have done about a run since it was claimed. */
export interface HeldRun {
  isCancelled: boolean;
  isRolledBack: boolean;
}

/** Locks the room and the run. Null where the claim was taken over, or the run is gone. */
export async function holdsRun({ id, fence }: Run, { tx }: Pick<Unit<RawTransaction>, 'tx'>): Promise<HeldRun | null> {
  if (!(await lockRoomOfRun(tx, id))) return null;
  const [held] = await tx.$queryRaw<HeldRun[]>`
    SELECT cancel_requested_at IS NOT NULL AS "isCancelled", rolled_back_at IS NOT NULL AS "isRolledBack"
    FROM runs WHERE id = ${id}::uuid AND fence = ${fence} AND state = 'RUNNING' FOR NO KEY UPDATE`;
  return held ?? null;
}
