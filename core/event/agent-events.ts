import { type EventTypes, eventType, field } from './event-type.ts';

const { id, count, optionalCount, optionalId, text, texts } = field;

const agent = { agentId: id };
const version = { ...agent, versionId: id, number: count };
const draft = { ...agent, revision: count, changed: texts };
const block = { blockId: id, scope: text, subjectId: optionalId, revision: count, runId: optionalId };

/** What happens to agents and to what they keep in mind: ids and numbers, since instructions may be private. */
export const AGENT_EVENTS: EventTypes = {
  'agent.created': eventType('An agent was made.', 'AGENT agentId', {
    ...agent,
    revision: optionalCount,
    copiedFrom: optionalId,
  }),
  'agent.draft_updated': eventType('The draft of an agent was edited.', 'AGENT agentId', draft),
  'agent.draft_discarded': eventType('The edits of a draft were thrown away.', 'AGENT agentId', draft),
  'agent.published': eventType('A version of an agent was published.', 'AGENT agentId', version),
  'agent.rolled_back': eventType('An earlier version of an agent was published again.', 'AGENT agentId', {
    ...version,
    restoredFrom: count,
    revision: count,
  }),
  'agent.archived': eventType('An agent was taken out of use.', 'AGENT agentId', agent),
  'agent.restored': eventType('An agent was taken into use again.', 'AGENT agentId', agent),
  'memory.created': eventType('A block of memory was made.', 'MEMORY_BLOCK blockId', block),
  'memory.updated': eventType('A block of memory was changed.', 'MEMORY_BLOCK blockId', block),
  'memory.deleted': eventType('A block of memory was deleted.', 'MEMORY_BLOCK blockId', block),
};
