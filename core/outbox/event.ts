/** Who caused an event, on whose behalf and through which request. */
export interface EventActor {
  userId: string;
  credentialKind: 'SESSION' | 'API_KEY';
  credentialId: string;
  requestId?: string;
  ip?: string | null;
}

/** An event to be written. `payload` is JSON that never holds a secret. */
export interface OutboxEventInput {
  id: string;
  orgId: string;
  /** Dotted, past tense: `agent.published`. */
  type: string;
  payload: Record<string, unknown>;
  actor?: EventActor;
}

/** An event as its consumers meet it. */
export interface OutboxEvent extends OutboxEventInput {
  createdAt: Date;
}
