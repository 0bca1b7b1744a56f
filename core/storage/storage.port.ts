import type { Readable } from 'node:stream';

/** A part of an object: both ends belong to it, counted from 0. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * Where the bytes of files lie. A key is made of letters, digits, `-`, `_`, `.` and slashes. A fault of the store itself
 * is a ParleyError `UNAVAILABLE`; one of `source` comes out as it is.
 */
export interface ObjectStorage {
  /** For logs and sentences: `disk`, `s3`. */
  readonly kind: string;
  /**
   * Writes an object, whole or not at all: nobody reads half of one, and where `source` ends with an error nothing is left.
   * An object that is there already is replaced.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, mimeType: string): Promise<void>;
  /** The object, or a part of it; null where there is none. Destroy the stream when it is not read to its end. */
  get(key: string, range?: ByteRange): Promise<Readable | null>;
  /** Removes the object and whatever a `put` that was cut off by a crash has left of it. None there is no fault. */
  delete(key: string): Promise<void>;
  /** @throws ParleyError `UNAVAILABLE` where nothing could be read or written now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const KEY = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** @throws Error where it is no key: a fault of ours, since callers never choose keys. */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new Error('This is not the key of a stored object.');
}
