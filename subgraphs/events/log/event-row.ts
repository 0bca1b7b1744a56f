import { reference } from '../reference.type.ts';
import type { EventRecordType } from './event.type.ts';

/** An event as it is read from the log. */
export interface EventRow {
  seq: number;
  id: string;
  type: string;
  version: number;
  at: Date;
  actorId: string | null;
  actorAgentId: string | null;
  credentialKind: string | null;
  requestId: string | null;
  subjectKind: string | null;
  subjectId: string | null;
  conversationId: string | null;
  data: Record<string, unknown>;
}

export const EVENT_COLUMNS = `
  e.seq::float8 AS seq, e.id::text, e.type, e.version, e.occurred_at AS at, e.actor_id::text AS "actorId",
  e.actor_agent_id::text AS "actorAgentId", e.credential_kind AS "credentialKind", e.request_id AS "requestId",
  e.subject_kind AS "subjectKind", e.subject_id::text AS "subjectId", e.conversation_id::text AS "conversationId", e.data`;

export const presentEvent = (row: EventRow): EventRecordType => ({
  id: row.id,
  seq: row.seq,
  type: row.type,
  version: row.version,
  at: row.at,
  actor: row.actorId
    ? { user: { id: row.actorId }, agent: reference(row.actorAgentId), credentialKind: row.credentialKind }
    : null,
  subject: row.subjectKind ? { kind: row.subjectKind, id: row.subjectId } : null,
  conversation: reference(row.conversationId),
  requestId: row.requestId,
  data: row.data,
});
