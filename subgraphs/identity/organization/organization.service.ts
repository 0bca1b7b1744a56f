import { z } from 'zod';
import { notFound } from '#core/error';
import type { PageArgs } from '#core/graphql/pagination';
import type { Kernel } from '#core/kernel';
import type { RequestContext } from '#core/request-context';
import { validate } from '#core/validate';
import { requireViewer } from '#core/viewer';
import type { Organization } from '#prisma/generated/client';
import { type CreatedPage, readCreatedPage } from '../created-page.ts';
import { emitEvent } from '../identity-event.ts';
import { requirePerson } from '../session/session.policy.ts';
import { nameText } from '../text.ts';
import { foundOrganization } from './organization-founding.ts';

const nameSchema = z.object({ name: nameText });

export interface OrganizationList {
  page: CreatedPage;
  rows: Organization[];
  count: () => Promise<number>;
}

/** Shows and changes the viewer's organization, and makes further ones. */
export class OrganizationService {
  constructor(private readonly kernel: Pick<Kernel, 'database' | 'transactions'>) {}

  /** The organization that the viewer works in. */
  async current(context: RequestContext): Promise<Organization> {
    const { orgId } = requireViewer(context.viewer);
    const organization = await this.kernel.database.scoped.organization.findFirst({ where: { id: orgId } });
    if (!organization) throw notFound('organization');
    return organization;
  }

  /** As another subgraph refers to it: null for every organization but the viewer's. */
  async byReference(context: RequestContext, id: string): Promise<Organization | null> {
    return context.viewer?.orgId === id ? this.current(context) : null;
  }

  /** Every organization that the viewer can switch to. */
  async listOwn(context: RequestContext, args: PageArgs): Promise<OrganizationList> {
    const { userId } = requirePerson(context.viewer);
    const page = readCreatedPage(args, 'asc');
    const { take, orderBy, beyond } = page;
    const where = { memberships: { some: { userId } } };
    const { organization } = this.kernel.database.system;
    const rows = await organization.findMany({ where: { AND: [where, beyond] }, take, orderBy });
    return { page, rows, count: () => organization.count({ where }) };
  }

  async update(context: RequestContext, input: z.input<typeof nameSchema>): Promise<Organization> {
    const { orgId } = requireViewer(context.viewer);
    const { name } = validate(nameSchema, input);
    return this.kernel.transactions.scoped(async (unit) => {
      const before = await unit.tx.organization.findFirstOrThrow({ where: { id: orgId }, select: { name: true } });
      const organization = await unit.tx.organization.update({ where: { id: orgId }, data: { name } });
      const payload = { organizationId: orgId, name, before, after: { name } };
      await emitEvent(unit, context, 'organization.updated', { orgId, payload });
      return organization;
    });
  }

  /** A further organization, owned by the viewer. He stays in the present one until he switches. */
  async create(context: RequestContext, input: z.input<typeof nameSchema>): Promise<Organization> {
    const { userId } = requirePerson(context.viewer);
    const { name } = validate(nameSchema, input);
    return this.kernel.transactions.system((unit) => foundOrganization(unit, context, { name, ownerId: userId }));
  }
}
