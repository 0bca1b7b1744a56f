import { z } from 'zod';
import { newId } from '#core/id';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { hashPassword } from '../account/password.ts';
import { emitEvent } from '../identity-event.ts';
import { foundOrganization } from '../organization/organization-founding.ts';
import { emailAddress, nameText, newPassword } from '../text.ts';

const foundingSchema = z.object({
  email: emailAddress,
  password: newPassword,
  name: nameText,
  organizationName: nameText,
});

export interface Founded {
  userId: string;
  organizationId: string;
}

/** An arbitrary number that says "an installation is being founded": servers that start together take turns by it. */
const FOUNDING_LOCK = 7_265_532;

/** Makes the first owner of an installation. */
export class InstallationService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions'>) {}

  /** Null, and nothing done, where there is any user already. */
  async found(context: RequestContext, input: z.input<typeof foundingSchema>): Promise<Founded | null> {
    const { email, password, name, organizationName } = validate(foundingSchema, input);
    if (await this.kernel.database.system.user.findFirst()) return null;
    const passwordHash = await hashPassword(password);
    return this.kernel.transactions.system(async (unit) => {
      await unit.tx.$executeRaw`SELECT pg_advisory_xact_lock(${FOUNDING_LOCK}::bigint)`;
      if (await unit.tx.user.findFirst()) return null;
      const userId = newId();
      // The operator himself names this address: there is nobody to prove it to.
      await unit.tx.user.create({ data: { id: userId, email, name, passwordHash, emailVerifiedAt: new Date() } });
      const { id: orgId } = await foundOrganization(unit, context, { name: organizationName, ownerId: userId });
      await emitEvent(unit, context, 'user.signed_up', { orgId, payload: { userId, name, email, method: 'FOUNDING' } });
      return { userId, organizationId: orgId };
    });
  }
}
