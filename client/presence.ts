import type { ChatApi } from './api.ts';
import { PARTICIPANT, type Participant } from './operation.ts';
import { openSocket } from './socket.ts';

const PRESENCE = `subscription Presence($room: ID!) {
  roomPresence(conversationId: $room) { here { ...participant } typing { ...participant } }
} ${PARTICIPANT}`;

interface PresenceResult {
  roomPresence: { here: Participant[]; typing: Participant[] };
}

/** Participants by their ids. */
export interface Presence {
  here: string[];
  typing: string[];
}

/** Who follows a room at this moment, and who types: what the subscription begins with. Null where it cannot be told. */
export async function readPresence(api: ChatApi, room: string): Promise<Presence | null> {
  const authorization = await api.credential.authorization();
  const client = openSocket(api.endpoint, () => ({ authorization }));
  try {
    for await (const { data } of client.iterate<PresenceResult>({ query: PRESENCE, variables: { room } })) {
      const ids = (participants: Participant[]) => participants.map(({ id }) => id);
      return data ? { here: ids(data.roomPresence.here), typing: ids(data.roomPresence.typing) } : null;
    }
    return null;
  } catch {
    return null;
  } finally {
    await client.dispose();
  }
}
