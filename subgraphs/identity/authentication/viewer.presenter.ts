import { presentUser } from '../account/user.presenter.ts';
import { presentOrganization } from '../organization/organization.presenter.ts';
import { presentRole } from '../role/role.presenter.ts';
import type { Identity } from '../session/session-opener.ts';

export const presentViewer = ({ viewer, user, organization, role }: Identity) => ({
  user: presentUser(user, viewer),
  organization: presentOrganization(organization),
  role: presentRole(role),
  permissions: [...viewer.permissions],
  credential: {
    id: viewer.credential.id,
    kind: viewer.credential.kind,
    expiresAt: viewer.credential.expiresAt === null ? null : new Date(viewer.credential.expiresAt),
  },
});
