import { authenticated, permitted, permittedAny } from '#core/subgraph/rule';
import { auditMutations, auditQueries, auditTypes } from './audit/permissions.ts';
import { webhookMutations, webhookQueries, webhookTypes } from './webhook/permissions.ts';

const read = permitted('events:read');
/** Parts of events that the audit trail has as well. */
const told = permittedAny('events:read', 'audit:read');

/** One line a field. What is missing is denied. Which rows it covers is the services' to say. */
export const permissions = {
  Query: { events: read, eventTypes: authenticated, ...auditQueries, ...webhookQueries },
  Mutation: { ...auditMutations, ...webhookMutations },
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
  EventActor: { user: told, agent: told, credentialKind: told },
  EventSubject: { kind: told, id: told },
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
  ...auditTypes,
  ...webhookTypes,
};
