import DataLoader from 'dataloader';
import type { Database } from '#core/database/database';
import { isId } from '#core/id';
import { perRequest } from '#core/request-context';
import type { UserRow } from '../session/session-opener.ts';
import { ERASED_NAME } from './user.presenter.ts';

/** The people of the viewer's organization and those who have left it, by id; null for everybody else. */
export const createUserLoader = (database: Database) =>
  perRequest(({ viewer }) => {
    return new DataLoader<string, UserRow | null>(async (ids) => {
      if (!viewer) return ids.map(() => null);
      const ofOrganization = { some: { orgId: viewer.orgId } };
      const rows = await database.scoped.user.findMany({
        where: {
          id: { in: ids.filter(isId) },
          OR: [{ memberships: ofOrganization }, { formerMemberships: ofOrganization }],
        },
        include: { formerMemberships: { where: { orgId: viewer.orgId, erasedAt: { not: null } } } },
      });
      const found = new Map(
        rows.map(({ formerMemberships: [erased], ...row }) => [
          row.id,
          erased ? { ...row, name: ERASED_NAME, email: null } : row,
        ]),
      );
      return ids.map((id) => found.get(id) ?? null);
    });
  });

export type UserLoader = ReturnType<typeof createUserLoader>;
