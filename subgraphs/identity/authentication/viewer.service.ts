import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { roleOf } from '../role/role.ts';
import type { Identity } from '../session/session-opener.ts';

/** Shows the viewer to himself. */
export class ViewerService {
  constructor(private readonly kernel: Pick<Kernel, 'database'>) {}

  /** Null when nobody has logged in, or when the membership has ended since the credential was looked at. */
  async identity({ viewer }: RequestContext): Promise<Identity | null> {
    if (!viewer) return null;
    const membership = await this.kernel.database.scoped.membership.findFirst({
      where: { userId: viewer.userId },
      include: { user: true, organization: true, customRole: true },
    });
    if (!membership) return null;
    return { viewer, user: membership.user, organization: membership.organization, role: roleOf(membership) };
  }
}
