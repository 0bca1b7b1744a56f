import { z } from 'zod';
import { isUniqueViolation } from '#core/database/failure';
import { conflict } from '#core/error';
import { newId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RateLimit } from '#core/rate-limit';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { hashPassword } from '../account/password.ts';
import { emitEvent } from '../identity-event.ts';
import { foundOrganization } from '../organization/organization-founding.ts';
import { emailAddress, nameText, newPassword } from '../text.ts';
import type { OpenedSession, SessionOpener } from './session-opener.ts';
import { startSession } from './session-start.ts';

const signUpSchema = z.object({
  email: emailAddress,
  password: newPassword,
  name: nameText,
  organizationName: nameText,
});

export type SignUp = z.input<typeof signUpSchema>;

/**
 * New accounts from one address: more than a school brings along in a lesson. Each costs some 20 ms of a core for its
 * password, and one request can ask for many, so that the limit of requests alone would let anybody keep the server busy.
 */
export const SIGN_UPS: RateLimit = { name: 'sign-up-address', points: 500, seconds: 15 * 60 };

/** Says so at the field where an e-mail address belongs to somebody already. */
export const emailTaken = () =>
  conflict('There is an account with this e-mail address already: log in instead.', [
    { path: 'input.email', message: 'There is an account with this e-mail address already.' },
  ]);

/** Lets new people in, each with an organization of his own. */
export class SignUpService {
  constructor(
    private readonly kernel: Pick<Kernel, 'transactions' | 'rateLimits'>,
    private readonly opener: SessionOpener,
  ) {}

  /** @throws ParleyError `CONFLICT` at `input.email` where the address has an account, or `RATE_LIMITED`. */
  async signUp(context: RequestContext, input: SignUp): Promise<OpenedSession> {
    const { email, password, name, organizationName } = validate(signUpSchema, input);
    if (context.client.ip) await this.kernel.rateLimits.consume(SIGN_UPS, context.client.ip);
    const passwordHash = await hashPassword(password);
    const started = await this.kernel.transactions
      .system(async (unit) => {
        const userId = newId();
        await unit.tx.user.create({ data: { id: userId, email, name, passwordHash } });
        const organization = await foundOrganization(unit, context, { name: organizationName, ownerId: userId });
        await emitEvent(unit, context, 'user.signed_up', {
          orgId: organization.id,
          payload: { userId, name, email, method: 'PASSWORD' },
        });
        return startSession(unit, context, { userId, orgId: organization.id, method: 'SIGN_UP' });
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? emailTaken() : error;
      });
    return this.opener.open(started);
  }
}
