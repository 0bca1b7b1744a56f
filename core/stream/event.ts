/** An event to be appended. */
export interface StreamAppend {
  /** The stream: a conversation's id. */
  topic: string;
  orgId: string;
  /** What it is, for whoever reads the stream: `MessageDelta`. */
  type: string;
  /** JSON as text. */
  payload: string;
  /** The unit of work that appends, and its claim on it: an older epoch than the newest claim is refused. */
  producer?: { id: string; epoch: number };
}

/** An event as it stands in the log. `seq` counts from 1 without a gap. */
export interface StreamEvent {
  seq: number;
  type: string;
  payload: string;
  at: Date;
}

/** The append came from a worker whose claim was taken over. */
export class FencedError extends Error {
  constructor(topic: string) {
    super(`An append to stream ${topic} came from a claim that has been taken over.`);
    this.name = 'FencedError';
  }
}

/** The events that came into one stream with one commit, in order: what the bus carries. */
export interface StreamBatch {
  topic: string;
  events: StreamEvent[];
}

/** The bus channel that a stream's batches are published on. */
export const streamChannel = (topic: string): string => `stream:${topic}`;

export const encodeBatch = ({ topic, events }: StreamBatch): string =>
  JSON.stringify([topic, events.map((event) => [event.seq, event.type, event.payload, event.at.getTime()])]);

export function decodeBatch(message: string): StreamBatch {
  const [topic, rows] = JSON.parse(message) as [string, [number, string, string, number][]];
  return { topic, events: rows.map(([seq, type, payload, at]) => ({ seq, type, payload, at: new Date(at) })) };
}
