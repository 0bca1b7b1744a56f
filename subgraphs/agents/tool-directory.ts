import DataLoader from 'dataloader';
import { ParleyError } from '#core/error';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';
import type { KnownTools } from './definition-check.ts';

interface Asked {
  viewer: Viewer;
  name: string;
}

/** Asks the owner of tools which there are: the names of one moment, of however many drafts, in one call. */
export class ToolDirectory implements KnownTools {
  private readonly known = new DataLoader<Asked, boolean>((asked) => this.ask(asked), {
    cache: false,
    maxBatchSize: 500,
  });

  constructor(private readonly peers: Peers) {}

  /** Those of the names that there are tools of. Where nobody can say, it is all of them: runs tell what there is. */
  async find(names: readonly string[], viewer: Viewer): Promise<{ name: string }[]> {
    const known = await Promise.all(names.map((name) => this.known.load({ viewer, name })));
    return names.flatMap((name, index) => (known[index] ? [{ name }] : []));
  }

  private async ask(asked: readonly Asked[]): Promise<boolean[]> {
    const viewers = new Map(asked.map(({ viewer }) => [viewer.orgId, viewer]));
    const found = new Map<string, ReadonlySet<string>>();
    await Promise.all(
      [...viewers].map(async ([orgId, viewer]) => {
        const names = asked.flatMap((each) => (each.viewer.orgId === orgId ? each.name : []));
        found.set(orgId, await this.namesOf(viewer, [...new Set(names)]));
      }),
    );
    return asked.map(({ viewer, name }) => found.get(viewer.orgId)?.has(name) ?? false);
  }

  private async namesOf(viewer: Viewer, names: string[]): Promise<ReadonlySet<string>> {
    try {
      const { knownTools } = await this.peers.call<{ knownTools: string[] }>('conversations', {
        query: 'query ($names: [String!]!) { knownTools(names: $names) }',
        variables: { names },
        viewer,
      });
      return new Set(knownTools);
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'UNAVAILABLE') return new Set(names);
      throw error;
    }
  }
}
