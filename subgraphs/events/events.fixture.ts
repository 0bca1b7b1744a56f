import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from '#test/support/client';

/** An event as the tests ask for it. */
export interface SeenEvent {
  id: string;
  seq: number;
  type: string;
  requestId: string | null;
  actor: { user: { id: string } } | null;
  subject: { kind: string; id: string | null } | null;
  conversation: { id: string } | null;
  data: Record<string, unknown>;
}

export const EVENT =
  'id seq type version requestId actor { user { id } credentialKind } subject { kind id } conversation { id } data';

const LIST = `query ($filter: EventFilter) {
  events(filter: $filter, first: 100) { nodes { ${EVENT} } totalCount }
}`;

/** The events that fit, the newest first. */
export const listEvents = async (client: TestClient, filter: Record<string, unknown> = {}): Promise<SeenEvent[]> =>
  (await client.request<{ events: { nodes: SeenEvent[] } }>(LIST, { filter })).events.nodes;

/** Asks until it is so: what is recorded is recorded soon after the change. */
export async function eventually<T>(ask: () => Promise<T>, isSo: (value: T) => boolean, forMs = 20_000): Promise<T> {
  const end = Date.now() + forMs;
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
    if (Date.now() > end) throw new Error(`It did not come to be so: ${JSON.stringify(value).slice(0, 2_000)}`);
    await sleep(50);
  }
}
