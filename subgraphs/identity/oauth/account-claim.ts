import type { Bus } from '#core/bus/bus';
import type { SystemUnit } from '#core/database/transaction';
import { revokeSessions } from '../session/session-revocation.ts';

/**
 * Hands an account over to the person who has proved that its e-mail address is his, within a transaction. Until then
 * the address was only claimed, and whoever claimed it may be somebody else: all the ways in that he could have made
 * (password, other providers, API keys, sessions) end here, else he would share the account unseen.
 */
export async function claimAccount(unit: SystemUnit, bus: Bus, userId: string): Promise<void> {
  const now = new Date();
  await unit.tx.user.update({ where: { id: userId }, data: { emailVerifiedAt: now, passwordHash: null } });
  await unit.tx.externalIdentity.deleteMany({ where: { userId } });
  await unit.tx.apiKey.updateMany({ where: { principalId: userId, revokedAt: null }, data: { revokedAt: now } });
  await revokeSessions(unit, bus, { userId }, 'ACCOUNT_CLAIMED');
}
