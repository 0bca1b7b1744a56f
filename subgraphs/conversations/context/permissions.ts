import { permitted } from '#core/subgraph/rule';

const read = permitted('conversations:read');

/** The coarse gate of what agents keep in mind of rooms. */
export const contextPermissions = {
  Conversation: { summaries: read },
  ContextSummary: {
    id: read,
    agent: read,
    text: read,
    upToMessageId: read,
    messageCount: read,
    foldedTokens: read,
    tokens: read,
    model: read,
    runId: read,
    createdAt: read,
  },
  ContextSummaryConnection: { edges: read, nodes: read, pageInfo: read, totalCount: read },
  ContextSummaryEdge: { cursor: read, node: read },
  ContextFolded: {
    cursor: read,
    at: read,
    conversation: read,
    agent: read,
    upToMessageId: read,
    messageCount: read,
    summary: read,
  },
};
