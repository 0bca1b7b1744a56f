import type { Readable } from 'node:stream';
import type { RequestEnvelope } from './operation.ts';

/** A file that comes in. */
export interface FileArrival {
  fileName: string;
  /** What the client calls it; null where it says nothing. */
  mimeType: string | null;
  /** Read once, as fast as it can be stored. */
  body: AsyncIterable<Uint8Array>;
}

/** What the client is told of a file that was taken: the fields of `Attachment`. */
export type TakenFile = Record<string, string | number | null>;

/** What a client asks for. */
export interface FileRequest {
  id: string;
  thumbnail: boolean;
  /** The header `Range`. */
  range: string | null;
  /** The header `If-None-Match`. */
  known: string | null;
  /** What stands in place of a credential in the address. */
  link: { expires: string; signature: string } | null;
}

/** An answer in HTTP's own terms: the status is 200, 206, 304 or 416. */
export interface FileAnswer {
  status: number;
  headers: Record<string, string>;
  /** Null for an answer without a body. Whoever gets it reads it to its end or destroys it. */
  body: Readable | null;
}

/** Where a subgraph takes and gives files, for the gateway, which sends their bytes on without looking at them. */
export interface FileDoor {
  /** @throws ParleyError */
  take(envelope: RequestEnvelope, arrival: FileArrival): Promise<TakenFile>;
  /** @throws ParleyError `NOT_FOUND` for a file that is not there, or not for this viewer. */
  give(envelope: RequestEnvelope, request: FileRequest): Promise<FileAnswer>;
}
