import type { RawTransaction, Unit } from '#core/database/transaction';
import { findEventType } from '#core/event/catalog';
import { type ReadEvent, readEvent } from '#core/event/read-event';
import type { Logger } from '#core/log';
import type { DirectConsumer } from '#core/outbox/consumer';
import type { OutboxEvent } from '#core/outbox/event';
import type { Streams } from '#core/stream/streams';
import { type ComposedEntry, composeEntry } from '../audit/audit-entry.ts';
import { NO_HASH } from '../audit/audit-hash.ts';

/** A webhook that may want to be told. */
export interface Listening {
  id: string;
  types: string[];
  includesRooms: boolean;
}

/** An event in the record, with the place that it has there. */
export interface Recorded {
  event: OutboxEvent;
  read: ReadEvent;
  seq: number;
  /** Of its entry in the audit trail. */
  hash: string;
  webhooks: readonly Listening[];
}

/** What else is done with an event, in the transaction that records it. */
export type RecordStep = (recorded: Recorded, unit: Unit<RawTransaction>) => Promise<void>;

/**
 * Copies every event from the outbox into the record of its organization, each once: into the log and the audit trail. An
 * organization's events are recorded one after the other: the stream's head, which is counted up first, is locked until the
 * commit. So there are few statements: one for the place, one for what must be known, one that writes.
 */
export function eventRecorder(streams: Streams, log: Logger, steps: readonly RecordStep[]): DirectConsumer {
  return {
    direct: true,
    name: 'events.record',
    types: '*',
    async consume(event, unit) {
      const { id, orgId, type } = event;
      const read = readEvent(event);
      if (read.version === 0) log.warn({ event: id, type }, 'an event is not in the catalog: its data is not recorded');
      const appended = await streams.appendIn(unit.tx, [
        { topic: orgId, orgId, type: 'EventRecorded', payload: JSON.stringify({ id }) },
      ]);
      const seq = appended[0]?.seq;
      if (seq === undefined) throw new Error('An event got no place in the log.');
      const { previousHash, erased, webhooks } = await lookUp(event, read, unit);
      const entry = composeEntry(event, read, { seq, previousHash: previousHash ?? NO_HASH, erased: new Set(erased) });
      await write(event, read, entry, unit);
      for (const step of steps) await step({ event, read, seq, hash: entry.hash, webhooks }, unit);
      unit.afterCommit(() => streams.publish(orgId, appended));
    },
  };
}

interface Known {
  /** Of the newest entry in the trail. */
  previousHash: string | null;
  /** Those whom the event is by or about who were erased. */
  erased: string[];
  webhooks: Listening[];
}

async function lookUp(
  event: OutboxEvent,
  { personal, subjectId }: ReadEvent,
  { tx }: Unit<RawTransaction>,
): Promise<Known> {
  const people = [personal.actor?.userId, personal.subject?.userId].filter((id) => typeof id === 'string');
  const [known] = await tx.$queryRaw<Known[]>`
    SELECT
      (SELECT hash FROM (
         (SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1) UNION ALL SELECT seq, hash FROM audit_floors
       ) AS heads ORDER BY seq DESC LIMIT 1) AS "previousHash",
      ARRAY(SELECT user_id::text FROM audit_erasures WHERE user_id = ANY(${people}::uuid[])) AS erased,
      (SELECT coalesce(json_agg(json_build_object('id', id, 'types', types, 'includesRooms', includes_rooms)), '[]')
       FROM webhooks) AS webhooks`;
  if (!known) throw new Error('What is known of the record could not be read.');
  // With this very event: nothing is kept of whom it takes out.
  if (event.type === 'user.erased' && subjectId) known.erased.push(subjectId);
  return known;
}

async function write(
  event: OutboxEvent,
  read: ReadEvent,
  entry: ComposedEntry,
  { tx }: Unit<RawTransaction>,
): Promise<void> {
  const { content, hash, kept } = entry;
  const data = dataOf(read);
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  await tx.$executeRaw`
    WITH record AS (
      INSERT INTO event_records (org_id, seq, id, type, version, occurred_at, actor_id, actor_agent_id, credential_kind,
                                 request_id, subject_kind, subject_id, conversation_id, data, text)
      VALUES (${event.orgId}::uuid, ${content.seq}::bigint, ${event.id}::uuid, ${event.type}, ${read.version},
              ${event.createdAt}::timestamptz, ${content.actorId}::uuid, ${content.actorAgentId}::uuid,
              ${content.credentialKind}, ${content.requestId}, ${read.subjectKind}, ${read.subjectId}::uuid,
              ${read.conversationId}::uuid, ${JSON.stringify(data)}::jsonb, ${textOf(event.type, data)})
    ), known AS (
      INSERT INTO audit_personal (org_id, seq, part, user_id, salt, fields)
      SELECT ${event.orgId}::uuid, ${content.seq}::bigint, k.part, k."userId", k.salt, k.fields
      FROM jsonb_to_recordset(${JSON.stringify(kept)}::jsonb) AS k (part text, "userId" uuid, salt text, fields jsonb)
    )
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

/** What is shown of an event to whoever may see it. */
export const dataOf = ({ data, before, after }: ReadEvent): Record<string, unknown> => ({
  ...data,
  ...(before !== null && { before }),
  ...(after !== null && { after }),
});

/** What an event is found by: its type, what that means, and every word of its data. */
const textOf = (type: string, data: Record<string, unknown>): string =>
  [type, type.replaceAll(/[._]/g, ' '), findEventType(type)?.description ?? '', ...wordsOf(data)].join(' ');

function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsOf) : [];
}
