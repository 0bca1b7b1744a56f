import type { Database } from '#core/database/database';

/** How long an address is remembered after a log-in from it, in days; sessions that ended are kept for less. */
const REMEMBERED_DAYS = 90;

/** Whether somebody has logged in to the account from the address before, as its sessions tell. */
export const knownAddress =
  ({ system }: Pick<Database, 'system'>) =>
  async ({ email, ip }: { email: string; ip: string }): Promise<boolean> => {
    const since = new Date(Date.now() - REMEMBERED_DAYS * 86_400_000);
    const session = await system.session.findFirst({
      where: { ip, createdAt: { gt: since }, user: { email } },
      select: { id: true },
    });
    return session !== null;
  };
