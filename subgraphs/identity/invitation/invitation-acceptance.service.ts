import { z } from 'zod';
import { isUniqueViolation } from '#core/database/failure';
import type { SystemUnit } from '#core/database/transaction';
import { badInput, notFound } from '#core/error';
import { newId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { hashPassword } from '../account/password.ts';
import { digestToken } from '../authentication/opaque-token.ts';
import { emitEvent } from '../identity-event.ts';
import type { LogInService } from '../session/log-in.service.ts';
import { requirePerson } from '../session/session.policy.ts';
import type { OpenedSession, SessionOpener } from '../session/session-opener.ts';
import { startSession } from '../session/session-start.ts';
import { emailTaken } from '../session/sign-up.service.ts';
import { nameText, newPassword } from '../text.ts';
import { claimInvitation, invitationNotOpen, openInvitation } from './invitation-claim.ts';

const newcomerSchema = z.object({ name: nameText, password: newPassword });

export interface Acceptance {
  token: string;
  name?: string | null | undefined;
  password?: string | null | undefined;
}

/** Somebody who joins: he has an account already, or gets one in the same transaction. */
type Joiner = { userId: string; email: string | null } | { email: string; name: string; passwordHash: string };

/** What whoever holds the token may know before he accepts. */
export interface InvitationPreview {
  email: string;
  organizationName: string;
  expiresAt: Date;
  /** Whether to ask for the password of an account, or for those of a new one. */
  hasAccount: boolean;
}

/** Lets people into an organization by invitation, with an account that they have or with a new one. */
export class InvitationAcceptanceService {
  constructor(
    private readonly kernel: Pick<Kernel, 'database' | 'transactions'>,
    private readonly logIn: LogInService,
    private readonly opener: SessionOpener,
  ) {}

  async preview(token: string): Promise<InvitationPreview | null> {
    const { system } = this.kernel.database;
    const invitation = await system.invitation.findFirst({
      where: openInvitation(token),
      include: { organization: true },
    });
    if (!invitation) return null;
    const { email, expiresAt, organization } = invitation;
    const account = await system.user.findFirst({ where: { email } });
    return { email, expiresAt, organizationName: organization.name, hasAccount: account !== null };
  }

  /**
   * Joins as the viewer, else as the account with the invited address (its password is needed), else with a new account.
   * The session that it returns is one in the organization joined.
   */
  async accept(context: RequestContext, acceptance: Acceptance): Promise<OpenedSession> {
    const joiner = context.viewer ? await this.asViewer(context) : await this.asGuest(context, acceptance);
    const started = await this.kernel.transactions
      .system(async (unit) => {
        const userId = 'userId' in joiner ? joiner.userId : newId();
        if (!('userId' in joiner)) await this.createAccount(unit, userId, joiner);
        const orgId = await claimInvitation(unit, context, { token: acceptance.token, userId, email: joiner.email });
        if (!('userId' in joiner)) {
          const { name, email } = joiner;
          const payload = { userId, name, email, method: 'INVITATION' };
          await emitEvent(unit, context, 'user.signed_up', { orgId, payload });
        }
        return startSession(unit, context, { userId, orgId, method: 'INVITATION' });
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? emailTaken() : error;
      });
    return this.opener.open(started);
  }

  private async asViewer(context: RequestContext): Promise<Joiner> {
    const { userId } = requirePerson(context.viewer);
    const user = await this.kernel.database.system.user.findFirst({ where: { id: userId } });
    if (!user) throw notFound('user');
    return { userId, email: user.email };
  }

  private async asGuest(context: RequestContext, { token, name, password }: Acceptance): Promise<Joiner> {
    const { system } = this.kernel.database;
    const invitation = await system.invitation.findFirst({ where: { tokenHash: digestToken(token) } });
    if (!invitation) throw invitationNotOpen();
    const { email } = invitation;
    if (await system.user.findFirst({ where: { email } })) {
      if (!password)
        throw badInput('input.password', 'The invited address has an account: give its password, or log in first.');
      return { userId: await this.logIn.checkPassword(context, email, password), email };
    }
    const newcomer = validate(newcomerSchema, { name: name ?? '', password: password ?? '' });
    return { email, name: newcomer.name, passwordHash: await hashPassword(newcomer.password) };
  }

  private async createAccount(
    unit: SystemUnit,
    id: string,
    { email, name, passwordHash }: { email: string; name: string; passwordHash: string },
  ): Promise<void> {
    await unit.tx.user.create({ data: { id, email, name, passwordHash } });
  }
}
