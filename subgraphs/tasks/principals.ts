import { forbidden } from '#core/error';
import type { Peers } from '#core/peer/peer';
import { isPermission, type Permission } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { failure } from './kind/kind.ts';

interface Principal {
  userKind: Viewer['userKind'];
  permissions: string[];
}

/** Those on whose behalf tasks are done. What they may do is asked anew each time: it may be less than when they asked. */
export class Principals {
  constructor(private readonly peers: Peers) {}

  /**
   * Whoever the task is for, with no more than what the work needs.
   * @throws WorkFailure where he is gone or may not do that any more
   */
  async viewerOf(
    task: { id: string; orgId: string; createdById: string },
    needs: readonly Permission[],
  ): Promise<Viewer> {
    const asking: Viewer = {
      userId: task.createdById,
      userKind: 'HUMAN',
      orgId: task.orgId,
      role: 'WORKER',
      permissions: [],
      credential: { kind: 'SESSION', id: task.id, expiresAt: null },
    };
    const principal = await this.ask(asking);
    if (!principal) {
      throw failure('PRINCIPAL_GONE', 'Whoever it is for has left the organization, or is disabled.', false);
    }
    const held = principal.permissions.filter(isPermission);
    const missing = needs.filter((permission) => !held.includes(permission));
    if (missing.length > 0) {
      throw failure('FORBIDDEN', `Whoever it is for lacks the permission ${missing.join(', ')}.`, false);
    }
    return { ...asking, userKind: principal.userKind, permissions: needs };
  }

  /** The viewer with all that he may do now, whatever the work that asks in his name was given. @throws ParleyError */
  async principalOf(viewer: Viewer): Promise<Viewer> {
    const principal = await this.ask(viewer);
    if (!principal) throw forbidden('Whoever it is for has left the organization, or is disabled.');
    return { ...viewer, userKind: principal.userKind, permissions: principal.permissions.filter(isPermission) };
  }

  private async ask(viewer: Viewer): Promise<Principal | null> {
    const { principal } = await this.peers.call<{ principal: Principal | null }>('identity', {
      query: 'query ($userId: ID!) { principal(userId: $userId) { userKind permissions } }',
      variables: { userId: viewer.userId },
      viewer,
    });
    return principal;
  }
}
