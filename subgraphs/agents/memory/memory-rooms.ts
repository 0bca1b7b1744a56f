import { ParleyError } from '#core/error';
import { isId } from '#core/id';
import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';

const HIDDEN = ['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED'];

/** Asks the owner of rooms who sees them. */
export class MemoryRooms {
  constructor(private readonly peers: Peers) {}

  /** Whether the viewer sees the room. @throws ParleyError `UNAVAILABLE` where nobody can say. */
  async canSee(viewer: Viewer, conversationId: string): Promise<boolean> {
    if (!isId(conversationId)) return false;
    try {
      const { conversation } = await this.peers.call<{ conversation: { id: string } | null }>('conversations', {
        query: 'query ($id: ID!) { conversation(id: $id) { id } }',
        variables: { id: conversationId },
        viewer,
      });
      return conversation !== null;
    } catch (error) {
      if (error instanceof ParleyError && HIDDEN.includes(error.code)) return false;
      throw error;
    }
  }
}
