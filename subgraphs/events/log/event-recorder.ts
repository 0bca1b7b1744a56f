import type { ScopedUnit } from '#core/database/transaction';
import { findEventType } from '#core/event/catalog';
import { type ReadEvent, readEvent } from '#core/event/read-event';
import type { Logger } from '#core/log';
import type { EventConsumer } from '#core/outbox/consumer';
import type { OutboxEvent } from '#core/outbox/event';
import type { Streams } from '#core/stream/streams';

/** An event on its way into the record, with the place that it has there. */
export interface Recorded {
  event: OutboxEvent;
  read: ReadEvent;
  seq: number;
}

/** What else is done with an event, in the transaction that records it. */
export type RecordStep = (recorded: Recorded, unit: ScopedUnit) => Promise<void>;

/**
 * Copies every event from the outbox into the record of its organization, each once. An organization's events are
 * recorded one after the other: the stream's head, which is counted up first, is locked until the commit.
 */
export function eventRecorder(streams: Streams, log: Logger, steps: readonly RecordStep[]): EventConsumer {
  return {
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
      const recorded = { event, read, seq };
      await insertRecord(recorded, unit);
      for (const step of steps) await step(recorded, unit);
      unit.afterCommit(() => streams.publish(orgId, appended));
    },
  };
}

async function insertRecord({ event, read, seq }: Recorded, { tx }: ScopedUnit): Promise<void> {
  const { id, orgId, type, createdAt, actor } = event;
  const { version, subjectKind, subjectId, conversationId } = read;
  const data = dataOf(read);
  await tx.$executeRaw`
    INSERT INTO event_records (org_id, seq, id, type, version, occurred_at, actor_id, actor_agent_id, credential_kind,
                               request_id, subject_kind, subject_id, conversation_id, data, text)
    VALUES (${orgId}::uuid, ${seq}::bigint, ${id}::uuid, ${type}, ${version}, ${createdAt}::timestamptz,
            ${actor?.userId ?? null}::uuid, ${actor?.agentId ?? null}::uuid, ${actor?.credentialKind ?? null},
            ${actor?.requestId ?? null}, ${subjectKind}, ${subjectId}::uuid, ${conversationId}::uuid,
            ${JSON.stringify(data)}::jsonb, ${textOf(type, data)})`;
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
