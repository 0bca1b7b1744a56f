import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import { badInput, notFound } from '#core/error';
import { decodeCursor } from '#core/graphql/pagination';
import { isId } from '#core/id';
import type { StreamGapSignal, Streams } from '#core/stream/streams';
import { can, type Viewer } from '#core/viewer';
import { openRoom } from './conversation.access.ts';
import { type ConversationLoaders, createLoaders } from './conversation.loaders.ts';
import { type ConversationEvent, readEvent } from './conversation-event.ts';

/** What a subscriber is given: an event, or word that some are gone. */
export type RoomEvent = ConversationEvent | StreamGapSignal;

export const isGap = (event: RoomEvent): event is StreamGapSignal => 'gap' in event;

/** What happens in rooms, as it happens. */
export class EventService {
  constructor(
    private readonly database: Database,
    private readonly streams: Streams,
  ) {}

  /**
   * Follows a room from behind the cursor `after`, or from now on.
   * @throws ParleyError `NOT_FOUND`; `BAD_USER_INPUT` where `after` is not a cursor of an event.
   */
  async follow(
    viewer: Viewer,
    roomId: string,
    after: string | null,
    loaders: ConversationLoaders,
  ): Promise<AsyncIterableIterator<RoomEvent>> {
    const seq = after === null ? null : readEventCursor(after);
    if (!isId(roomId)) throw notFound('conversation');
    // Followed first and looked at then: who is taken out in between finds that among the events.
    const tail = await this.streams.tail(roomId, seq);
    let left = false;
    let ended: unknown = null;
    try {
      await openRoom(viewer, roomId, loaders);
    } catch (error) {
      await tail.return?.();
      throw error;
    }
    const leave = async () => {
      left = true;
      await tail.return?.();
    };
    const events: AsyncIterableIterator<RoomEvent> = {
      next: async () => {
        if (ended) throw ended;
        const step = await tail.next();
        // A stream ends by itself only with its room.
        if (step.done && !left) throw notFound('conversation');
        if (step.done) return { value: undefined, done: true };
        const event = 'gap' in step.value ? step.value : readEvent(step.value);
        if (removes(event, viewer)) {
          // Read from the log it may be long ago, and the viewer back again.
          ended = await runInOrg(viewer.orgId, () => openRoom(viewer, roomId, createLoaders(this.database))).then(
            () => null,
            (error: unknown) => error,
          );
          if (ended) await leave();
        }
        return { value: event, done: false };
      },
      return: async () => {
        await leave();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    return events;
  }
}

/** Whoever is taken out of a room sees that, and nothing after it. */
function removes(event: RoomEvent, viewer: Viewer): boolean {
  if (isGap(event) || event.type !== 'ParticipantLeft' || can(viewer, 'conversations:read_all')) return false;
  return event.payload.kind === 'USER' && event.payload.participantId === viewer.userId;
}

/** The `seq` that the cursor of an event stands for. @throws ParleyError `BAD_USER_INPUT` where it is none */
export function readEventCursor(cursor: string): number {
  const [kind, seq] = decodeCursor(cursor) ?? [];
  if (kind !== 'e' || seq === undefined || !/^\d{1,15}$/.test(seq)) {
    throw badInput('after', 'It is not the cursor of an event. Take it from an event or from conversation.cursor.');
  }
  return Number(seq);
}
