import type { Bus } from '#core/bus/bus';
import type { Database } from '#core/database/database';
import { requireOrgId } from '#core/database/tenant';
import type { Logger } from '#core/log';
import { type AppendedRow, appendStatement } from './append-statement.ts';
import { encodeBatch, type StreamAppend, streamChannel } from './event.ts';
import { StreamFeed } from './feed.ts';
import { readExtent } from './log-reader.ts';
import type { Streams } from './streams.ts';
import { Tail } from './tail.ts';
import { StreamWriter } from './writer.ts';

export interface OpenStreams extends Streams {
  /** Resolves when every append so far is durable or refused. */
  drain(): Promise<void>;
  close(): void;
}

export function openStreams({ database, bus, log }: { database: Database; bus: Bus; log: Logger }): OpenStreams {
  const writer = new StreamWriter({ pool: database.systemPool, bus, log });
  const feed = new StreamFeed(bus, database.systemPool, log);
  return {
    append: (append) => writer.append(append),
    async appendIn(tx, appends: StreamAppend[]) {
      const { text, values } = appendStatement(appends);
      const rows = await tx.$queryRawUnsafe<AppendedRow[]>(text, ...values);
      return rows.flatMap((row) => {
        const append = appends[row.index];
        return append ? { seq: row.seq, type: append.type, payload: append.payload, at: row.at } : [];
      });
    },
    publish: (topic, events) => writer.publish(topic, events),
    async fence(tx, { id, orgId, epoch }) {
      await tx.$executeRaw`
        INSERT INTO stream_producers AS p (id, org_id, epoch) VALUES (${id}::uuid, ${orgId}::uuid, ${epoch})
        ON CONFLICT (id) DO UPDATE SET epoch = greatest(p.epoch, excluded.epoch)`;
    },
    async begin(tx, { topic, orgId, after }) {
      await tx.$executeRaw`
        INSERT INTO stream_heads (topic, org_id, last_seq, kept_seq)
        VALUES (${topic}::uuid, ${orgId}::uuid, ${after}::bigint, ${after + 1}::bigint)`;
    },
    async remove(tx, topic, producerIds) {
      // The producers first: it waits for a flush that has let them in, and none comes after it.
      await tx.$executeRaw`DELETE FROM stream_producers WHERE id = ANY(${producerIds}::uuid[])`;
      await tx.$executeRaw`DELETE FROM stream_heads WHERE topic = ${topic}::uuid`;
      await tx.$executeRaw`DELETE FROM stream_events WHERE topic = ${topic}::uuid`;
    },
    announceRemoval: (topic) => bus.publish(streamChannel(topic), encodeBatch({ topic, events: [] })),
    head: async (topic) => (await readExtent(database.scopedPool, topic))?.lastSeq ?? 0,
    async tail(topic, after) {
      const orgId = requireOrgId();
      const start = after ?? (await readExtent(database.scopedPool, topic))?.lastSeq ?? 0;
      return Tail.open({ pool: database.scopedPool, feed, orgId, topic, after: start });
    },
    drain: () => writer.drain(),
    close: () => feed.close(),
  };
}
