import { z } from 'zod';
import { unauthenticated } from '#core/error';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import type { LogInGuard } from '../account/log-in-guard.ts';
import { verifyPassword } from '../account/password.ts';
import { emailAddress } from '../text.ts';
import { chooseOrganization } from './organization-choice.ts';
import type { OpenedSession, SessionOpener } from './session-opener.ts';
import { startSession } from './session-start.ts';

const logInSchema = z.object({
  email: emailAddress,
  password: z.string(),
  organizationId: z.string().nullish(),
});

export type LogIn = z.input<typeof logInSchema>;

/** The same sentence whatever was wrong: which addresses have an account is nobody's business. */
const REFUSAL = 'The e-mail address or the password is wrong.';

/** Lets people in by e-mail address and password. */
export class LogInService {
  constructor(
    private readonly kernel: Pick<Kernel, 'database' | 'transactions'>,
    private readonly guard: LogInGuard,
    private readonly opener: SessionOpener,
  ) {}

  /** @throws ParleyError `UNAUTHENTICATED`, `RATE_LIMITED`, or `FORBIDDEN` where the person belongs to no such organization. */
  async logIn(context: RequestContext, input: LogIn): Promise<OpenedSession> {
    const { email, password, organizationId } = validate(logInSchema, input);
    const userId = await this.checkPassword(context, email, password);
    const started = await this.kernel.transactions.system(async (unit) => {
      const orgId = await chooseOrganization(unit.tx, userId, organizationId ?? null);
      return startSession(unit, context, { userId, orgId, method: 'PASSWORD' });
    });
    return this.opener.open(started);
  }

  /** The id of the user whose password this is. */
  async checkPassword(context: RequestContext, email: string, password: string): Promise<string> {
    const who = { email, ip: context.client.ip };
    return this.guard.attempt(who, unauthenticated(REFUSAL), async () => {
      const user = await this.kernel.database.system.user.findFirst({ where: { email, disabledAt: null } });
      return (await verifyPassword(user?.passwordHash, password)) && user ? user.id : null;
    });
  }
}
