import { randomBytes } from 'node:crypto';
import type { ReadEvent } from '#core/event/read-event';
import type { OutboxEvent } from '#core/outbox/event';
import { type AuditContent, digestPersonal, hashEntry } from './audit-hash.ts';

/** What an entry keeps beside itself of who somebody is. */
export interface KeptPersonal {
  part: string;
  userId: string | null;
  salt: string;
  fields: Record<string, unknown>;
}

export interface ComposedEntry {
  content: AuditContent;
  hash: string;
  kept: KeptPersonal[];
}

/**
 * The entry of an event at its place in the trail.
 * @param erased Who was erased: nothing that says who they are is kept any more.
 */
export function composeEntry(
  event: OutboxEvent,
  read: ReadEvent,
  { seq, previousHash, erased }: { seq: number; previousHash: string; erased: ReadonlySet<string> },
): ComposedEntry {
  const { actor } = event;
  const kept = Object.entries(read.personal).flatMap(([part, about]): KeptPersonal[] => {
    if (!about || (about.userId !== null && erased.has(about.userId))) return [];
    return [{ part, userId: about.userId, salt: randomBytes(32).toString('hex'), fields: about.fields }];
  });
  const content: AuditContent = {
    organizationId: event.orgId,
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
    personal: Object.fromEntries(kept.map(({ part, salt, fields }) => [part, digestPersonal(salt, fields)])),
    previousHash,
  };
  return { content, hash: hashEntry(content), kept };
}
