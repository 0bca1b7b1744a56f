import DataLoader from 'dataloader';
import { ParleyError } from '#core/error';
import { isId } from '#core/id';
import type { Peers } from '#core/peer/peer';
import { BUILT_IN_ROLES } from '#core/permission';
import type { Viewer } from '#core/viewer';

/** Asks the owner of roles for those that organizations have made: once for however many drafts of one moment. */
export class RoleDirectory {
  private readonly custom = new DataLoader<Viewer, ReadonlySet<string> | null, string>(
    (viewers) => Promise.all(viewers.map((viewer) => this.ask(viewer))),
    { cache: false, cacheKeyFn: ({ orgId }) => orgId },
  );

  constructor(private readonly peers: Peers) {}

  /** Those that there are not. Where nobody can say of one, it is taken to be there: then nobody but time decides. */
  async missing(roles: readonly string[], viewer: Viewer): Promise<string[]> {
    const own = roles.filter((role) => !Object.hasOwn(BUILT_IN_ROLES, role));
    if (!own.some(isId)) return own;
    const known = await this.custom.load(viewer);
    return own.filter((role) => !isId(role) || (known !== null && !known.has(role)));
  }

  private async ask(viewer: Viewer): Promise<ReadonlySet<string> | null> {
    try {
      const { roles } = await this.peers.call<{ roles: { id: string }[] }>('identity', {
        query: '{ roles { id } }',
        variables: {},
        viewer,
      });
      return new Set(roles.map(({ id }) => id));
    } catch (error) {
      if (error instanceof ParleyError && ['UNAVAILABLE', 'FORBIDDEN'].includes(error.code)) return null;
      throw error;
    }
  }
}
