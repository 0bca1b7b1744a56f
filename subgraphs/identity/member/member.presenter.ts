import type { Viewer } from '#core/viewer';
import { presentUser } from '../account/user.presenter.ts';
import { presentRole } from '../role/role.presenter.ts';
import { roleOf } from '../role/role.ts';
import type { MemberRow } from './member.service.ts';

export const presentMember = (row: MemberRow, viewer: Viewer | null) => ({
  id: row.id,
  user: presentUser(row.user, viewer),
  role: presentRole(roleOf(row)),
  joinedAt: row.createdAt,
});
