import { ParleyError } from '#core/error';
import type { Peers } from '#core/peer/peer';
import { can, type Viewer } from '#core/viewer';

const BLIND = ['FORBIDDEN', 'UNAUTHENTICATED', 'NOT_FOUND'];

/** Asks the owner of rooms which of them a viewer sees. */
export class RoomSight {
  constructor(private readonly peers: Peers) {}

  /** Whether the viewer sees what happens in every room. */
  seesAll(viewer: Viewer): boolean {
    return can(viewer, 'conversations:read_all');
  }

  /** Those of `rows` that happened in no room, or in one that the viewer may read. */
  async visible<Row extends { conversationId: string | null }>(viewer: Viewer, rows: Row[]): Promise<Row[]> {
    if (this.seesAll(viewer)) return rows;
    const seen = await this.rooms(viewer, [...new Set(rows.flatMap((row) => row.conversationId ?? []))]);
    return rows.filter(({ conversationId }) => conversationId === null || seen.has(conversationId));
  }

  private async rooms(viewer: Viewer, ids: string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    try {
      const { _entities } = await this.peers.call<{ _entities: ({ id: string } | null)[] }>('conversations', {
        query: 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Conversation { id title } } }',
        variables: { of: ids.map((id) => ({ __typename: 'Conversation', id })) },
        viewer,
      });
      return new Set(_entities.flatMap((room) => room?.id ?? []));
    } catch (error) {
      // Whoever may see no room at all sees nothing of them.
      if (error instanceof ParleyError && BLIND.includes(error.code)) return new Set();
      throw error;
    }
  }
}
