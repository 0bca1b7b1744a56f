import type { MemberRow } from '../member/member.service.ts';
import { presentRole } from '../role/role.presenter.ts';
import { roleOf } from '../role/role.ts';

export const presentServiceAccount = (row: MemberRow) => ({
  id: row.user.id,
  name: row.user.name,
  role: presentRole(roleOf(row)),
  createdAt: row.user.createdAt,
  disabledAt: row.user.disabledAt,
});
