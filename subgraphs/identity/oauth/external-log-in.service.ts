import { isUniqueViolation } from '#core/database/failure';
import type { SystemUnit } from '#core/database/transaction';
import { conflict, unauthenticated } from '#core/error';
import { newId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import type { User } from '#prisma/generated/client';
import { emitEvent } from '../identity-event.ts';
import { claimInvitation } from '../invitation/invitation-claim.ts';
import { foundOrganization } from '../organization/organization-founding.ts';
import { chooseOrganization } from '../session/organization-choice.ts';
import type { OpenedSession, SessionOpener } from '../session/session-opener.ts';
import { type StartedSession, startSession } from '../session/session-start.ts';
import { claimAccount } from './account-claim.ts';
import type { ExternalProfile } from './log-in-provider.ts';
import type { Returned } from './oauth.service.ts';
import { addressOf, nameOf } from './profile-text.ts';

/** Decides which account somebody from a provider comes in by. */
export class ExternalLogInService {
  constructor(
    private readonly kernel: Pick<Kernel, 'transactions' | 'bus'>,
    private readonly opener: SessionOpener,
  ) {}

  /** @throws ParleyError `CONFLICT` where the account cannot be told, or could only be told from an unverified address. */
  async logIn(context: RequestContext, returned: Returned): Promise<OpenedSession> {
    const enter = () => this.kernel.transactions.system((unit) => this.enter(unit, context, returned));
    // Somebody new who comes in twice at once: the later one finds what the earlier one has made.
    const started = await enter().catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      return enter();
    });
    return this.opener.open(started);
  }

  private async enter(unit: SystemUnit, context: RequestContext, returned: Returned): Promise<StartedSession> {
    const { invitationToken: token } = returned.attempt;
    const known = (await this.findLinked(unit, returned)) ?? (await this.findByAddress(unit, context, returned));
    const user = known ?? (await this.makeAccount(unit, returned));
    if (user.disabledAt) throw unauthenticated('This account is disabled.');
    const orgId = token
      ? await claimInvitation(unit, context, { token, userId: user.id, email: user.email })
      : known
        ? await chooseOrganization(unit.tx, user.id, null)
        : (await this.makeOrganization(unit, context, user)).id;
    if (!known) {
      const { id: userId, name, email } = user;
      const payload = { userId, name, email, method: 'OAUTH', provider: returned.provider.id };
      await emitEvent(unit, context, 'user.signed_up', { orgId, payload });
    }
    return startSession(unit, context, { userId: user.id, orgId, method: 'OAUTH' });
  }

  private async findLinked(unit: SystemUnit, { provider, profile }: Returned): Promise<User | null> {
    const linked = await unit.tx.externalIdentity.findFirst({
      where: { provider: provider.id, subject: profile.subject },
      include: { user: true },
    });
    if (!linked) return null;
    await unit.tx.externalIdentity.update({
      where: { id: linked.id },
      data: { lastUsedAt: new Date(), email: addressOf(profile) },
    });
    return linked.user;
  }

  /** The account of a verified address. An unverified one proves nothing: anybody could have typed it in over there. */
  private async findByAddress(
    unit: SystemUnit,
    context: RequestContext,
    { provider, profile }: Returned,
  ): Promise<User | null> {
    const email = addressOf(profile);
    const user = email ? await unit.tx.user.findFirst({ where: { email } }) : null;
    if (!user) return null;
    if (!profile.emailVerified) {
      throw conflict(
        `There is an account with your e-mail address, and ${provider.name} has not verified that the address is yours. ` +
          'Log in with your password, then link the account.',
      );
    }
    if (!user.emailVerifiedAt) await claimAccount(unit, this.kernel.bus, user.id);
    const { provider: providerId } = await this.link(unit, user.id, provider.id, profile);
    const { orgId } = (await unit.tx.membership.findFirst({ where: { userId: user.id } })) ?? {};
    if (orgId) {
      const payload = { userId: user.id, provider: providerId, claimed: !user.emailVerifiedAt };
      await emitEvent(unit, context, 'linked_account.added', { orgId, payload });
    }
    return user;
  }

  private async makeAccount(unit: SystemUnit, { provider, profile }: Returned): Promise<User> {
    const email = addressOf(profile);
    if (!email) {
      throw conflict(
        `${provider.name} does not tell your e-mail address, which an account needs: allow it and try again.`,
      );
    }
    const user = await unit.tx.user.create({
      data: {
        id: newId(),
        email,
        name: nameOf(profile),
        emailVerifiedAt: profile.emailVerified ? new Date() : null,
      },
    });
    await this.link(unit, user.id, provider.id, profile);
    return user;
  }

  private makeOrganization(unit: SystemUnit, context: RequestContext, { id: ownerId, name }: User) {
    return foundOrganization(unit, context, { name: `${name}’s organization`, ownerId });
  }

  private link(unit: SystemUnit, userId: string, provider: string, profile: ExternalProfile) {
    return unit.tx.externalIdentity.create({
      data: { userId, provider, subject: profile.subject, email: addressOf(profile) },
    });
  }
}
