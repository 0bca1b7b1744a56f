import { authenticated, permitted, permittedInPerson } from '#core/subgraph/rule';

const read = permitted('memory:read');
const write = permitted('memory:write');
/** What is remembered of oneself can be erased by whoever can see it; the rest is the service's to say. */
const erase = permittedInPerson('memory:write', 'memory:read');

const connection = { edges: read, nodes: read, pageInfo: read, totalCount: read };
const edge = { cursor: read, node: read };

/** The rules of memory, in the manner of the subgraph's own. */
export const memoryQueries = {
  memoryBlocks: read,
  memoryBlock: read,
  // Of the worker, which works on behalf of whoever may run the agent.
  memoryForRun: authenticated,
};

export const memoryMutations = {
  createMemoryBlock: write,
  updateMemoryBlock: write,
  appendToMemoryBlock: write,
  deleteMemoryBlock: erase,
  eraseOwnMemory: erase,
  writeMemoryForRun: authenticated,
};

export const memoryTypes = {
  MemoryBlock: {
    id: read,
    scope: read,
    label: read,
    description: read,
    value: read,
    characterLimit: read,
    readOnly: read,
    revision: read,
    agent: read,
    user: read,
    conversation: read,
    revisions: read,
    createdAt: read,
    updatedAt: read,
  },
  MemoryBlockConnection: connection,
  MemoryBlockEdge: edge,
  MemoryRevision: {
    id: read,
    number: read,
    operation: read,
    value: read,
    author: read,
    onBehalfOf: read,
    conversation: read,
    runId: read,
    createdAt: read,
  },
  MemoryRevisionConnection: connection,
  MemoryRevisionEdge: edge,
  MemoryForRun: {
    id: authenticated,
    scope: authenticated,
    label: authenticated,
    description: authenticated,
    value: authenticated,
    characters: authenticated,
    characterLimit: authenticated,
    readOnly: authenticated,
    revision: authenticated,
    updatedAt: authenticated,
  },
  CreateMemoryBlockPayload: { memoryBlock: write },
  UpdateMemoryBlockPayload: { memoryBlock: write },
  AppendToMemoryBlockPayload: { memoryBlock: write },
  DeleteMemoryBlockPayload: { deletedMemoryBlockId: erase },
  EraseOwnMemoryPayload: { erasedBlocks: read },
  WriteMemoryForRunPayload: { revision: authenticated, characters: authenticated, block: authenticated },
  Conversation: { id: authenticated },
};
