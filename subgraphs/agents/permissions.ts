import { authenticated, permitted, permittedAny } from '#core/subgraph/rule';

const read = permitted('agents:read');
const write = permitted('agents:write');
const publish = permitted('agents:publish');
/** Whoever is let into conversations sees who takes part in them, with a key that is confined to them as well. */
const named = permittedAny('agents:read', 'conversations:read', 'conversations:write', 'conversations:read_all');

const connection = { edges: read, nodes: read, pageInfo: read, totalCount: read };
const edge = { cursor: read, node: read };

/** One line a field. What is missing is denied. Which rows it covers is the services' to say. */
export const permissions = {
  Query: {
    agents: read,
    agent: read,
    agentVersionDiff: read,
    models: read,
    modelProviders: read,
    // Of other subgraphs, which have seen to it that the viewer may run the agent.
    agentForRun: authenticated,
    agentsById: authenticated,
  },
  Mutation: {
    createAgent: write,
    updateAgentDraft: write,
    discardAgentDraft: write,
    duplicateAgent: write,
    publishAgent: publish,
    rollBackAgent: publish,
    archiveAgent: publish,
    restoreAgent: publish,
  },
  Agent: {
    id: authenticated,
    name: named,
    description: read,
    status: read,
    instructions: read,
    model: read,
    temperature: read,
    draft: read,
    publishedVersion: read,
    version: read,
    versions: read,
    createdBy: read,
    createdAt: read,
    updatedAt: read,
    archivedAt: read,
  },
  AgentConnection: connection,
  AgentEdge: edge,
  AgentDraft: {
    name: read,
    description: read,
    definition: read,
    revision: read,
    hasUnpublishedChanges: read,
    problems: read,
  },
  AgentProblem: { severity: read, path: read, message: read },
  AgentDefinition: {
    kind: read,
    instructions: read,
    model: read,
    temperature: read,
    maxOutputTokens: read,
    thinking: read,
    greeting: read,
    metadata: read,
  },
  // Also within AgentForRun.
  AgentThinking: { budgetTokens: authenticated, effort: authenticated },
  AgentVersion: {
    id: read,
    number: read,
    name: read,
    description: read,
    definition: read,
    note: read,
    author: read,
    restoredFrom: read,
    createdAt: read,
  },
  AgentVersionConnection: connection,
  AgentVersionEdge: edge,
  AgentVersionDiff: { from: read, to: read, changes: read },
  AgentChange: { path: read, kind: read, before: read, after: read, hunks: read },
  DiffHunk: { oldStart: read, oldLines: read, newStart: read, newLines: read, lines: read },
  DiffLine: { kind: read, text: read },
  AgentForRun: {
    id: authenticated,
    name: authenticated,
    versionId: authenticated,
    version: authenticated,
    instructions: authenticated,
    model: authenticated,
    temperature: authenticated,
    maxOutputTokens: authenticated,
    thinking: authenticated,
  },
  CreateAgentPayload: { agent: write, version: write, published: write, reason: write },
  UpdateAgentDraftPayload: { agent: write },
  DiscardAgentDraftPayload: { agent: write },
  DuplicateAgentPayload: { agent: write },
  PublishAgentPayload: { agent: publish, version: publish },
  RollBackAgentPayload: { agent: publish, version: publish },
  ArchiveAgentPayload: { agent: publish },
  RestoreAgentPayload: { agent: publish },
  Model: {
    id: read,
    label: read,
    provider: read,
    limits: read,
    capabilities: read,
    isDefault: read,
    available: read,
  },
  ModelLimits: { inputTokens: read },
  ModelCapabilities: { chat: read, images: read, tools: read, thinking: read, structuredOutput: read, live: read },
  ModelProvider: { id: read, label: read, status: read, message: read },
  PageInfo: {
    hasNextPage: authenticated,
    hasPreviousPage: authenticated,
    startCursor: authenticated,
    endCursor: authenticated,
  },
  User: { id: authenticated },
};
