import type { AuditContent } from './audit-hash.ts';

/** An entry as it is read, with its own hash. */
export interface AuditRow extends AuditContent {
  hash: string;
}

/** One part of what an entry knows of who somebody is; emptied, its fields and salt are null. */
export interface PersonalRow {
  seq: number;
  part: string;
  userId: string | null;
  salt: string | null;
  fields: Record<string, unknown> | null;
}

export const AUDIT_COLUMNS = `
  a.org_id::text AS "organizationId", a.seq::float8 AS seq, a.event_id::text AS "eventId", a.type, a.version,
  a.occurred_at AS "occurredAt", a.recorded_at AS "recordedAt", a.actor_id::text AS "actorId",
  a.actor_agent_id::text AS "actorAgentId", a.credential_kind AS "credentialKind", a.credential_id AS "credentialId",
  a.request_id AS "requestId", a.subject_kind AS "subjectKind", a.subject_id::text AS "subjectId",
  a.conversation_id::text AS "conversationId", a.data, a.before, a.after, a.personal, a.previous_hash AS "previousHash", a.hash`;

export const PERSONAL_COLUMNS = 'p.seq::float8 AS seq, p.part, p.user_id::text AS "userId", p.salt, p.fields';

/** What the hash of an entry is made of. */
export const contentOf = ({ hash: _, ...content }: AuditRow): AuditContent => content;
