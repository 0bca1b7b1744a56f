import { authenticated, permitted } from '#core/subgraph/rule';

/** Whoever sees agents sees what they could be given. */
const read = permitted('agents:read');

/** The rules of tools, in the manner of the subgraph's own. */
export const toolPermissions = {
  Query: {
    tools: read,
    // Of the owner of agents, on behalf of whoever may edit them.
    knownTools: authenticated,
  },
  Tool: { name: read, title: read, description: read, parameters: read, effect: read, needsApproval: read },
};
