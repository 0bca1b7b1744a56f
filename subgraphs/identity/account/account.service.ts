import { z } from 'zod';
import { badInput, notFound, unauthenticated } from '#core/error';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { emitEvent } from '../identity-event.ts';
import { requirePerson } from '../session/session.policy.ts';
import type { UserRow } from '../session/session-opener.ts';
import { revokeSessions } from '../session/session-revocation.ts';
import { nameText, newPassword } from '../text.ts';
import type { LogInGuard } from './log-in-guard.ts';
import { hashPassword, verifyPassword } from './password.ts';

const profileSchema = z.object({ name: nameText });
const passwordSchema = z.object({ currentPassword: z.string().nullish(), newPassword });

/** What a person changes about himself. */
export class AccountService {
  constructor(
    private readonly kernel: Pick<Kernel, 'database' | 'transactions' | 'bus'>,
    private readonly guard: LogInGuard,
  ) {}

  async updateProfile(context: RequestContext, input: z.input<typeof profileSchema>): Promise<UserRow> {
    const { userId, orgId } = requirePerson(context.viewer);
    const { name } = validate(profileSchema, input);
    return this.kernel.transactions.system(async (unit) => {
      const before = await unit.tx.user.findFirstOrThrow({ where: { id: userId }, select: { name: true } });
      const user = await unit.tx.user.update({
        where: { id: userId },
        data: { name },
        omit: { passwordHash: true },
      });
      await emitEvent(unit, context, 'user.updated', { orgId, payload: { userId, name, before, after: { name } } });
      return user;
    });
  }

  /**
   * Sets the password and ends every other session of the account. Returns how many those were.
   * @throws ParleyError `BAD_USER_INPUT` at `input.currentPassword` where it is wrong.
   */
  async changePassword(context: RequestContext, input: z.input<typeof passwordSchema>): Promise<number> {
    const viewer = requirePerson(context.viewer);
    const { userId, orgId, credential } = viewer;
    const { currentPassword, newPassword: password } = validate(passwordSchema, input);
    await this.proveIdentity(userId, currentPassword ?? '');
    const passwordHash = await hashPassword(password);
    return this.kernel.transactions.system(async (unit) => {
      await unit.tx.user.update({ where: { id: userId }, data: { passwordHash } });
      const others = { userId, id: { not: credential.id } };
      const revokedSessions = await revokeSessions(unit, this.kernel.bus, others, 'PASSWORD_CHANGED');
      await emitEvent(unit, context, 'user.password_changed', { orgId, payload: { userId, revokedSessions } });
      return revokedSessions;
    });
  }

  /** Somebody who has always come in through a provider has no password yet: his session is proof enough. */
  private async proveIdentity(userId: string, password: string): Promise<void> {
    const user = await this.kernel.database.system.user.findFirst({ where: { id: userId } });
    if (!user) throw notFound('user');
    if (user.disabledAt) throw unauthenticated();
    if (!user.passwordHash) return;
    const refusal = badInput('input.currentPassword', 'It is not the present password.');
    await this.guard.attemptAgain(user.id, refusal, async () =>
      (await verifyPassword(user.passwordHash, password)) ? true : null,
    );
  }
}
