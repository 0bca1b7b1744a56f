import { isUniqueViolation } from '#core/database/failure';
import type { RawTransaction } from '#core/database/transaction';
import { conflict, notFound } from '#core/error';
import { isId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import type { ExternalIdentity } from '#prisma/generated/client';
import { emitEvent } from '../identity-event.ts';
import { requirePerson } from '../session/session.policy.ts';
import type { Returned } from './oauth.service.ts';
import { addressOf } from './profile-text.ts';

export type LinkedAccountRow = ExternalIdentity;

/** More than anybody needs, and few enough to be shown in one list. */
const MAX_LINKED_ACCOUNTS = 20;

/** The accounts at providers that a person can log in with. */
export class LinkedAccountService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions'>) {}

  async list(context: RequestContext): Promise<LinkedAccountRow[]> {
    const { userId } = requirePerson(context.viewer);
    return this.kernel.database.system.externalIdentity.findMany({
      where: { userId },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      take: MAX_LINKED_ACCOUNTS,
    });
  }

  /** @throws ParleyError `CONFLICT` where the account over there is linked to somebody already. */
  async link(context: RequestContext, { provider, profile }: Returned): Promise<LinkedAccountRow> {
    const { userId, orgId } = requirePerson(context.viewer);
    return this.kernel.transactions
      .system(async (unit) => {
        await lockUser(unit.tx, userId);
        if ((await unit.tx.externalIdentity.count({ where: { userId } })) >= MAX_LINKED_ACCOUNTS) {
          throw conflict(`At most ${MAX_LINKED_ACCOUNTS} accounts can be linked: unlink one first.`);
        }
        const row = await unit.tx.externalIdentity.create({
          data: { userId, provider: provider.id, subject: profile.subject, email: addressOf(profile) },
        });
        await emitEvent(unit, context, 'linked_account.added', { orgId, payload: { userId, provider: provider.id } });
        return row;
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? conflict(`This account at ${provider.name} is linked already.`) : error;
      });
  }

  /** @throws ParleyError `NOT_FOUND`, or `CONFLICT` where the person could not log in any more. */
  async unlink(context: RequestContext, { linkedAccountId }: { linkedAccountId: string }): Promise<string> {
    const { userId, orgId } = requirePerson(context.viewer);
    return this.kernel.transactions.system(async (unit) => {
      await lockUser(unit.tx, userId);
      const row = isId(linkedAccountId)
        ? await unit.tx.externalIdentity.findFirst({
            where: { id: linkedAccountId, userId },
            include: { user: { include: { _count: { select: { externalIdentities: true } } } } },
          })
        : null;
      if (!row) throw notFound('linked account');
      if (!row.user.passwordHash && row.user._count.externalIdentities === 1) {
        throw conflict('This is the last way in: set a password first, or link another account.');
      }
      await unit.tx.externalIdentity.delete({ where: { id: row.id } });
      await emitEvent(unit, context, 'linked_account.removed', { orgId, payload: { userId, provider: row.provider } });
      return row.id;
    });
  }
}

/** Two that are unlinked at the same time must not each count on the other. */
const lockUser = (tx: RawTransaction, userId: string) =>
  tx.$queryRaw`SELECT id FROM users WHERE id = ${userId}::uuid FOR NO KEY UPDATE`;
