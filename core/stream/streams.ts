import type { RawTransaction } from '#core/database/transaction';
import type { StreamAppend, StreamEvent } from './event.ts';

/**
 * Reads one stream to its end and beyond: what is kept, then what comes, each event once and in order. It is done only
 * when its reader leaves or the stream was removed.
 */
export type StreamTail = AsyncIterableIterator<StreamEvent | StreamGapSignal>;

/** Events between the cursor and what is kept are gone: whoever reads must load anew. */
export interface StreamGapSignal {
  gap: true;
  /** Where the stream goes on from here. */
  seq: number;
  at: Date;
}

/** The stream log: durable, ordered, without a hole, shown only once it is committed. */
export interface Streams {
  /**
   * Appends through the group commit. Resolves once durable and published.
   * @throws FencedError where the producer's claim has been taken over.
   */
  append(append: StreamAppend): Promise<StreamEvent>;
  /**
   * Appends within a transaction, in one statement. Call it last: the stream is locked until the commit. Hand the
   * result to `publish` after the commit.
   */
  appendIn(tx: RawTransaction, appends: StreamAppend[]): Promise<StreamEvent[]>;
  /** Shows events that a transaction has committed to the subscribers. All must be of `topic`. */
  publish(topic: string, events: StreamEvent[]): void;
  /**
   * Makes `epoch` the newest claim of a producer within a transaction: appends of older ones are refused from the
   * commit on, and none is under way.
   */
  fence(tx: RawTransaction, producer: { id: string; orgId: string; epoch: number }): Promise<void>;
  /**
   * Begins a stream within a transaction as though `after` events of it were no longer kept: its first one comes behind
   * them, and whoever comes with an older cursor is told to load anew.
   */
  begin(tx: RawTransaction, stream: { topic: string; orgId: string; after: number }): Promise<void>;
  /**
   * Removes a stream within a transaction, with the producers that write into it: what they still have under way is
   * refused. Call `announceRemoval` after the commit.
   */
  remove(tx: RawTransaction, topic: string, producerIds: string[]): Promise<void>;
  /** Ends the tails of a stream that is gone. */
  announceRemoval(topic: string): void;
  /** The newest `seq` of a stream, 0 where it has no event. Inside the organization of the current request. */
  head(topic: string): Promise<number>;
  /**
   * Follows a stream of the current request's organization. `after` is the last `seq` that the reader has; null starts
   * with what comes now.
   */
  tail(topic: string, after: number | null): Promise<StreamTail>;
}
