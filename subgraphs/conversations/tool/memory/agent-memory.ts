import type { Peers } from '#core/peer/peer';
import type { Viewer } from '#core/viewer';
import type { MemoryBlock, MemoryScope } from './memory-block.ts';

/** Within what an agent remembers: its own, that of the viewer and of the room, and what is shared. */
export interface MemoryPlace {
  agentId: string;
  conversationId: string;
}

/** What an agent writes, and in what. */
export interface MemoryChange extends MemoryPlace {
  /** Null outside a run. */
  runId: string | null;
  idempotencyKey: string;
  scope: MemoryScope;
  label: string;
  operation: 'APPEND' | 'REPLACE' | 'WRITE';
  text: string;
  oldText?: string;
  expectedRevision?: number;
}

export interface WrittenMemory {
  revision: number;
  characters: number;
  block: Pick<MemoryBlock, 'characterLimit'>;
}

const READ = `query ($agentId: ID!, $conversationId: ID!, $userId: ID, $labels: [String!], $maxCharacters: Int) {
  memoryForRun(agentId: $agentId, conversationId: $conversationId, userId: $userId, labels: $labels, maxCharacters: $maxCharacters) {
    scope label description value characters characterLimit readOnly revision
  }
}`;

const WRITE = `mutation ($input: WriteMemoryForRunInput!) {
  writeMemoryForRun(input: $input) { revision characters block { characterLimit } }
}`;

/** Memory of agents, as its owner keeps it. */
export class AgentMemory {
  constructor(private readonly peers: Peers) {}

  /**
   * What the agent has in mind there with the viewer.
   * @param what Blocks of these labels alone, where given; so many characters of text in all, the last ones cut.
   */
  async read(
    viewer: Viewer,
    { agentId, conversationId }: MemoryPlace,
    what: { labels?: string[]; maxCharacters?: number } = {},
  ): Promise<MemoryBlock[]> {
    const { memoryForRun } = await this.peers.call<{ memoryForRun: MemoryBlock[] }>('agents', {
      query: READ,
      variables: { agentId, conversationId, userId: viewer.userId, ...what },
      viewer,
    });
    return memoryForRun;
  }

  /** Writes once for each idempotency key. @throws ParleyError where the block is not as the agent expects */
  async write(viewer: Viewer, change: MemoryChange): Promise<WrittenMemory> {
    const { writeMemoryForRun } = await this.peers.call<{ writeMemoryForRun: WrittenMemory }>('agents', {
      query: WRITE,
      variables: { input: { ...change, userId: viewer.userId } },
      viewer,
    });
    return writeMemoryForRun;
  }
}
