/** Who caused an event, on whose behalf and through which request. */
export interface EventActor {
  userId: string;
  /** Absent where he is only just coming in. */
  credentialKind?: 'SESSION' | 'API_KEY';
  credentialId?: string;
  /** The agent that did it in the user's name. */
  agentId?: string;
  /** These three are those of the current request, unless given. */
  requestId?: string;
  ip?: string | null;
  userAgent?: string | null;
}

/** An event to be written. `payload` is JSON that never holds a secret. */
export interface OutboxEventInput {
  id: string;
  orgId: string;
  /** Dotted, past tense: `agent.published`; an entry of `core/event/catalog.ts`. */
  type: string;
  payload: Record<string, unknown>;
  /** Without it, the viewer of the current request. */
  actor?: EventActor;
}

/** An event as its consumers meet it. */
export interface OutboxEvent extends OutboxEventInput {
  createdAt: Date;
}
