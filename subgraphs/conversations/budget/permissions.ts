import { permitted, permittedAny } from '#core/subgraph/rule';

const read = permitted('budgets:read');
const manage = permitted('budgets:manage');
// Whoever sets a limit is shown it.
const either = permittedAny('budgets:read', 'budgets:manage');

/** The coarse gate of limits of tokens. */
export const budgetPermissions = {
  Query: { tokenLimits: read },
  Mutation: { setTokenLimit: manage, removeTokenLimit: manage },
  TokenLimit: {
    id: either,
    agent: either,
    period: either,
    maxTokens: either,
    whenExhausted: either,
    downgradeModel: either,
    used: either,
    reserved: either,
    left: either,
    waitingRuns: either,
    resetsAt: either,
    updatedAt: either,
  },
  TokenLimitConnection: { edges: read, nodes: read, pageInfo: read, totalCount: read },
  TokenLimitEdge: { cursor: read, node: read },
  SetTokenLimitPayload: { tokenLimit: manage },
  RemoveTokenLimitPayload: { removedTokenLimitId: manage },
};
