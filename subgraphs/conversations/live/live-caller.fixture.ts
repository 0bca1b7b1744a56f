import type { Client } from 'graphql-ws';
import type { TestClient } from '#test/support/client';

/** An event of a live session as the tests select it. */
export interface LiveSeen {
  __typename: string;
  cursor: string;
  turn?: number;
  index?: number;
  text?: string;
  data?: string;
  mimeType?: string;
  dropBefore?: number;
  interrupted?: boolean;
  resumed?: boolean;
  userMessageId?: string | null;
  agentMessageId?: string | null;
  callId?: string;
  name?: string;
  arguments?: unknown;
  result?: unknown;
  isError?: boolean;
  reason?: string;
  error?: { code: string; message: string; retryable: boolean } | null;
  usage?: Record<string, number>;
  totalUsage?: Record<string, number> | null;
}

export interface SeenSession {
  id: string;
  state: string;
  model: string;
  modality: string;
  turns: number;
  endReason: string | null;
  error: { code: string; message: string; retryable: boolean } | null;
  usage: Record<string, number> | null;
  cursor: string;
  agent: { id: string; name: string };
}

const COUNTS = 'inputTokens cachedInputTokens toolUseInputTokens outputTokens thinkingTokens totalTokens';

export const SESSION_FIELDS = `id state model modality turns endReason error { code message retryable }
  usage { ${COUNTS} } cursor agent { id name }`;

const FOLLOW = `subscription ($id: ID!, $after: String) {
  liveEvents(sessionId: $id, after: $after) {
    __typename cursor
    ... on LiveReady { resumed }
    ... on LiveText { turn text }
    ... on LiveAudio { turn index mimeType data }
    ... on LiveInputTranscript { turn text }
    ... on LiveOutputTranscript { turn text }
    ... on LiveToolCall { turn callId name arguments }
    ... on LiveToolResult { turn callId name result isError }
    ... on LiveInterrupted { turn dropBefore }
    ... on LiveTurnRestarted { turn dropBefore }
    ... on LiveTurnCompleted { turn interrupted userMessageId agentMessageId }
    ... on LiveUsage { turn usage { ${COUNTS} } }
    ... on LiveSessionEnded { reason error { code message retryable } totalUsage { ${COUNTS} } }
  }
}`;

export const pcm = (text: string): { data: string; mimeType: string } => ({
  // Samples have two bytes each.
  data: Buffer.from(text.length % 2 ? `${text} ` : text).toString('base64'),
  mimeType: 'audio/pcm;rate=16000',
});

/** Somebody who talks in a live session: sends, and keeps everything that comes. */
export class LiveCaller {
  readonly events: LiveSeen[] = [];
  error: unknown = null;
  ended = false;
  sequence = 0;
  private socket: Client | null = null;

  private constructor(
    readonly client: TestClient,
    readonly session: SeenSession,
  ) {}

  /** Starts a session and follows it. */
  static async start(client: TestClient, conversationId: string, input: Record<string, unknown> = {}) {
    const { startLiveSession } = await client.request<{ startLiveSession: { session: SeenSession } }>(
      `mutation ($input: StartLiveSessionInput!) { startLiveSession(input: $input) { session { ${SESSION_FIELDS} } } }`,
      { input: { conversationId, ...input } },
    );
    const caller = new LiveCaller(client, startLiveSession.session);
    caller.follow(startLiveSession.session.cursor);
    return caller;
  }

  follow(after: string | null): void {
    this.ended = false;
    this.socket = this.client.socket();
    this.socket.subscribe<{ liveEvents: LiveSeen }>(
      { query: FOLLOW, variables: { id: this.session.id, after } },
      {
        next: ({ data, errors }) => {
          if (errors) this.error = errors;
          if (data?.liveEvents) this.events.push(data.liveEvents);
        },
        error: (error) => {
          this.error = error;
          this.ended = true;
        },
        complete: () => {
          this.ended = true;
        },
      },
    );
  }

  /** Drops the socket. */
  async leave(): Promise<void> {
    await this.socket?.dispose();
  }

  async send(input: Record<string, unknown>): Promise<{ sequence: number; duplicate: boolean }> {
    this.sequence += 1;
    return this.sendAs(this.sequence, input);
  }

  async sendAs(sequence: number, input: Record<string, unknown>): Promise<{ sequence: number; duplicate: boolean }> {
    const { sendLiveInput } = await this.client.request<{ sendLiveInput: { sequence: number; duplicate: boolean } }>(
      'mutation ($input: SendLiveInputInput!) { sendLiveInput(input: $input) { sequence duplicate } }',
      { input: { sessionId: this.session.id, sequence, ...input } },
    );
    return sendLiveInput;
  }

  /** A whole turn that is written. */
  say(text: string) {
    return this.send({ text, endOfTurn: true });
  }

  /** A whole turn that is spoken, in pieces. */
  async speak(text: string): Promise<void> {
    for (const piece of text.match(/.{1,8}/g) ?? []) await this.send({ audio: pcm(piece) });
    await this.send({ endOfTurn: true });
  }

  async end(): Promise<SeenSession> {
    const { endLiveSession } = await this.client.request<{ endLiveSession: { session: SeenSession } }>(
      `mutation ($input: EndLiveSessionInput!) { endLiveSession(input: $input) { session { ${SESSION_FIELDS} } } }`,
      { input: { sessionId: this.session.id } },
    );
    return endLiveSession.session;
  }

  async read(): Promise<SeenSession | null> {
    const { liveSession } = await this.client.request<{ liveSession: SeenSession | null }>(
      `query ($id: ID!) { liveSession(id: $id) { ${SESSION_FIELDS} } }`,
      { id: this.session.id },
    );
    return liveSession;
  }

  /** Resolves once an event fits, with that event; also one that came before. */
  async until(fits: (event: LiveSeen) => boolean, withinMs = 60_000): Promise<LiveSeen> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      if (Date.now() > deadline || (this.ended && this.error)) {
        const seen = this.events.map(({ __typename, turn }) => `${__typename}:${turn ?? ''}`).join(', ');
        throw new Error(`No such event. Seen: ${seen}; error: ${JSON.stringify(this.error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  untilTurn(turn: number, withinMs?: number): Promise<LiveSeen> {
    return this.until((event) => event.__typename === 'LiveTurnCompleted' && event.turn === turn, withinMs);
  }

  untilEnded(withinMs?: number): Promise<LiveSeen> {
    return this.until(({ __typename }) => __typename === 'LiveSessionEnded', withinMs);
  }

  of(typename: string): LiveSeen[] {
    return this.events.filter(({ __typename }) => __typename === typename);
  }

  /** What a client has played and shown of a turn, once it has dropped what was void. */
  heard(turn: number): { audio: string; words: string; understood: string; indexes: number[] } {
    const own = this.events.filter((event) => event.turn === turn);
    const restart = own.findLastIndex(({ __typename }) => __typename === 'LiveTurnRestarted');
    const valid = own.slice(restart + 1);
    const textOf = (...names: string[]) =>
      valid.map(({ __typename, text }) => (names.includes(__typename) ? (text ?? '') : '')).join('');
    const audio = valid.filter(({ __typename }) => __typename === 'LiveAudio');
    return {
      audio: audio.map(({ data }) => Buffer.from(data ?? '', 'base64').toString()).join(''),
      words: textOf('LiveText', 'LiveOutputTranscript'),
      understood: textOf('LiveInputTranscript'),
      indexes: audio.map(({ index }) => index ?? -1),
    };
  }
}

/** The messages of a room, oldest first. */
export async function readMessages(client: TestClient, roomId: string) {
  const { conversation } = await client.request<{
    conversation: {
      messages: { nodes: { id: string; text: string; status: string; author: { __typename: string } }[] };
    };
  }>(
    'query ($id: ID!) { conversation(id: $id) { messages(first: 200) { nodes { id text status author { __typename } } } } }',
    { id: roomId },
  );
  return conversation.messages.nodes.map(({ author, ...message }) => ({ ...message, by: author.__typename }));
}
