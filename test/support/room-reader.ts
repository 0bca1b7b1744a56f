import type { Client } from 'graphql-ws';
import type { TestClient } from './client.ts';

/** An event as the tests select it. */
export interface RoomEvent {
  __typename: string;
  cursor: string;
  at: string;
  messageId?: string;
  runId?: string;
  attempt?: number;
  index?: number;
  text?: string;
  message?: { id: string; text: string; status: string; author: { __typename: string; id?: string; name?: string } };
  run?: {
    id: string;
    state: string;
    attempt: number;
    error: { code: string; message: string; retryable: boolean } | null;
    usage: Record<string, number> | null;
  };
}

/** Everything about an event, with the author joined from its own subgraph. */
export const EVENT_FIELDS = `
  __typename cursor at
  ... on MessageAdded { message { id text status author { __typename ... on Agent { id name } ... on User { id name } } } }
  ... on MessageCompleted { message { id text status author { __typename ... on Agent { id name } ... on User { id name } } } }
  ... on MessageDelta { messageId runId attempt index text }
  ... on ThinkingDelta { messageId runId attempt text }
  ... on MessageRestarted { messageId runId attempt }
  ... on RunStateChanged {
    run {
      id state attempt error { code message retryable }
      usage { inputTokens cachedInputTokens toolUseInputTokens outputTokens thinkingTokens totalTokens }
    }
  }`;

const FINAL = new Set(['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'LIMIT_REACHED']);

export const isFinal = ({ run }: RoomEvent): boolean => run !== undefined && FINAL.has(run.state);

/** Follows a room and keeps everything that came. */
export class RoomReader {
  readonly events: RoomEvent[] = [];
  /** Why the stream ended, where it did by an error or a closed socket. */
  error: unknown = null;
  /** Told of each event as it comes. */
  onEvent: (event: RoomEvent) => void = () => {};
  private readonly socket: Client;
  private readonly waiting = new Set<() => void>();
  private readonly end: () => void;
  private ended = false;

  constructor(client: TestClient, conversationId: string, after: string | null, fields = EVENT_FIELDS) {
    this.socket = client.socket();
    this.end = this.socket.subscribe<{ conversationEvents: RoomEvent }>(
      {
        query: `subscription ($id: ID!, $after: String) {
          conversationEvents(conversationId: $id, after: $after) { ${fields} }
        }`,
        variables: { id: conversationId, after },
      },
      {
        next: ({ data, errors }) => {
          if (errors) this.error = errors;
          if (data?.conversationEvents) {
            this.events.push(data.conversationEvents);
            this.onEvent(data.conversationEvents);
          }
          this.wake();
        },
        error: (error) => this.over(error),
        complete: () => this.over(null),
      },
    );
  }

  /** Resolves once an event fits, with that event; also one that came before. */
  async until(fits: (event: RoomEvent) => boolean, withinMs = 20_000): Promise<RoomEvent> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      if (this.ended || Date.now() > deadline) {
        const seen = this.events.map((event) => `${event.__typename}${event.run ? `:${event.run.state}` : ''}`);
        throw new Error(`No such event. Seen: ${seen.join(', ')}; error: ${JSON.stringify(this.error)}`);
      }
      await this.nextChange(deadline - Date.now());
    }
  }

  /** Resolves once the stream is over. */
  async untilEnded(withinMs = 20_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!this.ended) {
      if (Date.now() > deadline) throw new Error('The stream goes on.');
      await this.nextChange(deadline - Date.now());
    }
  }

  /** The text of a message as a client puts it together: deltas of the last attempt, in order. */
  textOf(messageId: string): string {
    let text = '';
    for (const event of this.events) {
      if (event.__typename === 'MessageRestarted' && event.messageId === messageId) text = '';
      if (event.__typename === 'MessageDelta' && event.messageId === messageId) text += event.text;
    }
    return text;
  }

  async close(): Promise<void> {
    this.end();
    await this.socket.dispose();
  }

  private nextChange(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(60_000, Math.max(1, withinMs)));
      this.waiting.add(done);
    });
  }

  private over(error: unknown): void {
    this.ended = true;
    this.error ??= error;
    this.wake();
  }

  private wake(): void {
    for (const resolve of [...this.waiting]) resolve();
  }
}
