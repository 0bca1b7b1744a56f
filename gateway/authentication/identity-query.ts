import { isPermission } from '#core/permission';
import type { Viewer } from '#core/viewer';

const VIEWER_FIELDS = 'userId userKind orgId role permissions credential { kind id expiresAt }';

/** Internal fields of the identity subgraph, which the public schema does not have. */
export const AUTHENTICATE = `query ($credential: String!) { authenticate(credential: $credential) { ${VIEWER_FIELDS} } }`;
export const RECHECK = `query ($credentials: [CredentialReference!]!) {
  recheckCredentials(credentials: $credentials) { ${VIEWER_FIELDS} }
}`;

/** What identity answers. */
export interface AuthenticatedViewer {
  userId: string;
  userKind: Viewer['userKind'];
  orgId: string;
  role: string;
  permissions: string[];
  credential: Viewer['credential'];
}

/** @param expiresAt Where given, in place of the credential's own, in milliseconds since the epoch. */
export function toViewer(found: AuthenticatedViewer, expiresAt?: number | null): Viewer {
  const { credential } = found;
  return {
    userId: found.userId,
    userKind: found.userKind,
    orgId: found.orgId,
    role: found.role,
    // During an upgrade identity may know permissions that this process does not: they cannot be asked for here.
    permissions: found.permissions.filter(isPermission),
    credential: expiresAt === undefined ? credential : { ...credential, expiresAt },
  };
}
