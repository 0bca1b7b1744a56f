import { randomBytes } from 'node:crypto';
import type { ScopedUnit } from '#core/database/transaction';
import type { ReadEvent } from '#core/event/read-event';
import type { Recorded } from '../log/event-recorder.ts';
import { type AuditContent, digestPersonal, hashEntry, NO_HASH } from './audit-hash.ts';
import { type AuditKey, CHECKPOINT_EVERY, writeCheckpoint } from './checkpoint.ts';

type Tx = ScopedUnit['tx'];

/**
 * Appends events to the audit trail, as a step of their recording: in the same transaction, and one after the other for an
 * organization, so that each entry knows the hash of the one before.
 */
export function auditWriter(key: AuditKey) {
  return async ({ event, read, seq }: Recorded, { tx }: ScopedUnit): Promise<void> => {
    const { orgId, actor } = event;
    if (event.type === 'user.erased' && read.subjectId) await erasePersonal(tx, orgId, read.subjectId, seq);
    const content: AuditContent = {
      organizationId: orgId,
      seq,
      eventId: event.id,
      type: event.type,
      version: read.version,
      occurredAt: event.createdAt,
      recordedAt: new Date(),
      actorId: actor?.userId ?? null,
      actorAgentId: actor?.agentId ?? null,
      credentialKind: actor?.credentialKind ?? null,
      credentialId: actor?.credentialId ?? null,
      requestId: actor?.requestId ?? null,
      subjectKind: read.subjectKind,
      subjectId: read.subjectId,
      conversationId: read.conversationId,
      data: read.data,
      before: read.before,
      after: read.after,
      personal: await keepPersonal(tx, orgId, seq, read.personal),
      previousHash: await headOf(tx),
    };
    const hash = hashEntry(content);
    await insertEntry(tx, content, hash);
    if (seq % CHECKPOINT_EVERY === 0) await writeCheckpoint(tx, await key.load(), { orgId, seq, hash });
    if (event.type === 'audit.trimmed') await trim(tx, read.data.upToSeq);
  };
}

/** How many entries go with the event that tells of it; the rest goes with the next rounds of retention. */
export const TRIMMED_AT_ONCE = 5_000;

async function trim(tx: Tx, upToSeq: unknown): Promise<void> {
  if (typeof upToSeq !== 'number') return;
  await tx.$queryRaw`SELECT parley_trim_audit(${upToSeq}::bigint, ${TRIMMED_AT_ONCE}::int)`;
}

async function headOf(tx: Tx): Promise<string> {
  const [head] = await tx.$queryRaw<{ hash: string }[]>`
    SELECT hash FROM (
      (SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1) UNION ALL SELECT seq, hash FROM audit_floors
    ) AS heads ORDER BY seq DESC LIMIT 1`;
  return head?.hash ?? NO_HASH;
}

async function insertEntry(tx: Tx, content: AuditContent, hash: string): Promise<void> {
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  await tx.$executeRaw`
    INSERT INTO audit_entries (org_id, seq, event_id, type, version, occurred_at, recorded_at, actor_id, actor_agent_id,
      credential_kind, credential_id, request_id, subject_kind, subject_id, conversation_id, data, before, after, personal,
      previous_hash, hash)
    VALUES (${content.organizationId}::uuid, ${content.seq}::bigint, ${content.eventId}::uuid, ${content.type},
      ${content.version}, ${content.occurredAt}::timestamptz, ${content.recordedAt}::timestamptz, ${content.actorId}::uuid,
      ${content.actorAgentId}::uuid, ${content.credentialKind}, ${content.credentialId}, ${content.requestId},
      ${content.subjectKind}, ${content.subjectId}::uuid, ${content.conversationId}::uuid, ${json(content.data)}::jsonb,
      ${json(content.before)}::jsonb, ${json(content.after)}::jsonb, ${json(content.personal)}::jsonb,
      ${content.previousHash}, ${hash})`;
}

/** Keeps what says who somebody is beside the trail, unless he was erased meanwhile, and returns its digests. */
async function keepPersonal(
  tx: Tx,
  orgId: string,
  seq: number,
  personal: ReadEvent['personal'],
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const [part, about] of Object.entries(personal)) {
    if (!about || (about.userId !== null && (await isErased(tx, about.userId)))) continue;
    const salt = randomBytes(32).toString('hex');
    digests[part] = digestPersonal(salt, about.fields);
    await tx.$executeRaw`
      INSERT INTO audit_personal (org_id, seq, part, user_id, salt, fields)
      VALUES (${orgId}::uuid, ${seq}::bigint, ${part}, ${about.userId}::uuid, ${salt},
              ${JSON.stringify(about.fields)}::jsonb)`;
  }
  return digests;
}

async function isErased(tx: Tx, userId: string): Promise<boolean> {
  const found = await tx.$queryRaw<unknown[]>`SELECT 1 FROM audit_erasures WHERE user_id = ${userId}::uuid`;
  return found.length > 0;
}

/** Empties what the trail knows of who somebody is, with what was noted under his addresses before he had an account. */
async function erasePersonal(tx: Tx, orgId: string, userId: string, seq: number): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO audit_erasures (org_id, user_id, seq) VALUES (${orgId}::uuid, ${userId}::uuid, ${seq}::bigint)
    ON CONFLICT DO NOTHING`;
  await tx.$executeRaw`
    UPDATE audit_personal SET salt = NULL, fields = NULL
    WHERE user_id = ${userId}::uuid OR (user_id IS NULL AND fields ->> 'email' IN (
      SELECT fields ->> 'email' FROM audit_personal WHERE user_id = ${userId}::uuid))`;
}
