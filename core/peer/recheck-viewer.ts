import { isPermission } from '#core/permission';
import type { Credential, Viewer } from '#core/viewer';
import type { Peers } from './peer.ts';

const RECHECK = `query ($credentials: [CredentialReference!]!) {
  recheckCredentials(credentials: $credentials) { userId userKind orgId role permissions }
}`;

/** Somebody who asked for something that is done later in his name. */
export interface Asker {
  credential: Pick<Credential, 'kind' | 'id'>;
  userId: string;
  orgId: string;
}

/** Who asked, with what he may do by now; null where his credential no longer lets him in. */
export async function recheckViewer(peers: Peers, { credential, userId, orgId }: Asker): Promise<Viewer | null> {
  const { recheckCredentials } = await peers.call<{
    recheckCredentials: ((Omit<Viewer, 'permissions' | 'credential'> & { permissions: string[] }) | null)[];
  }>('identity', { query: RECHECK, variables: { credentials: [credential] }, viewer: null });
  const found = recheckCredentials[0];
  if (!found || found.orgId !== orgId || found.userId !== userId) return null;
  return {
    ...found,
    permissions: found.permissions.filter(isPermission),
    credential: { ...credential, expiresAt: null },
  };
}
