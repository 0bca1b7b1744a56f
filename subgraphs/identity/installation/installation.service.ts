import { z } from 'zod';
import type { SystemUnit } from '#core/database/transaction';
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

export type Founded = {
  userId: string;
  organizationId: string;
};

/** An arbitrary number that says "an installation is being founded": servers that start together take turns by it. */
const FOUNDING_LOCK = 7_265_532;

/** Under which it is noted whom a founding has made. */
const SETTING = 'founding';

/** Makes the first owner of an installation. */
export class InstallationService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions'>) {}

  /**
   * Null, and nothing done, where there is any user already: but for an owner whom an earlier call has made and who has
   * never logged in. A start that was cut off may have lost his password, so he gets the one that is given now.
   */
  async found(context: RequestContext, input: z.input<typeof foundingSchema>): Promise<Founded | null> {
    const { email, password, name, organizationName } = validate(foundingSchema, input);
    const { system } = this.kernel.database;
    if ((await system.user.findFirst()) && !(await findUnseen(system))) return null;
    const passwordHash = await hashPassword(password);
    return this.kernel.transactions.system(async (unit) => {
      await unit.tx.$executeRaw`SELECT pg_advisory_xact_lock(${FOUNDING_LOCK}::bigint)`;
      if (await unit.tx.user.findFirst()) {
        const unseen = await findUnseen(unit.tx);
        if (unseen) await unit.tx.user.update({ where: { id: unseen.userId }, data: { email, passwordHash } });
        return unseen;
      }
      const userId = newId();
      // The operator himself names this address: there is nobody to prove it to.
      await unit.tx.user.create({ data: { id: userId, email, name, passwordHash, emailVerifiedAt: new Date() } });
      const { id: orgId } = await foundOrganization(unit, context, { name: organizationName, ownerId: userId });
      await emitEvent(unit, context, 'user.signed_up', { orgId, payload: { userId, name, email, method: 'FOUNDING' } });
      const founded: Founded = { userId, organizationId: orgId };
      await unit.tx.setting.create({ data: { key: SETTING, value: { ...founded } } });
      return founded;
    });
  }
}

/** The owner whom an earlier call has made, as long as he has never logged in. */
async function findUnseen(tx: Pick<SystemUnit['tx'], 'setting' | 'session'>): Promise<Founded | null> {
  const row = await tx.setting.findUnique({ where: { key: SETTING } });
  const founded = row?.value as Founded | undefined;
  if (!founded || (await tx.session.findFirst({ where: { userId: founded.userId } }))) return null;
  return founded;
}
