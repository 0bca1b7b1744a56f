import { authenticated, permitted } from '#core/subgraph/rule';

const read = permitted('events:read');

/** One line a field. What is missing is denied. Which rows it covers is the services' to say. */
export const permissions = {
  Query: { events: read, eventTypes: authenticated },
  Subscription: { eventStream: read },
  Event: {
    id: read,
    seq: read,
    type: read,
    version: read,
    at: read,
    actor: read,
    subject: read,
    conversation: read,
    requestId: read,
    data: read,
  },
  EventActor: { user: read, agent: read, credentialKind: read },
  EventSubject: { kind: read, id: read },
  EventConnection: { edges: read, nodes: read, pageInfo: read, totalCount: read },
  EventEdge: { cursor: read, node: read },
  EventArrival: { cursor: read, event: read },
  EventType: {
    name: authenticated,
    version: authenticated,
    description: authenticated,
    subjectKind: authenticated,
    schema: authenticated,
    personalFields: authenticated,
  },
  PageInfo: {
    hasNextPage: authenticated,
    hasPreviousPage: authenticated,
    startCursor: authenticated,
    endCursor: authenticated,
  },
  User: { id: authenticated },
  Agent: { id: authenticated },
  Conversation: { id: authenticated },
};
