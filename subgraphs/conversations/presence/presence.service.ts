import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import { notFound } from '#core/error';
import { isId } from '#core/id';
import type { RateLimit, RateLimits } from '#core/rate-limit';
import { LatestValue } from '#core/stream/latest-value';
import type { Streams, StreamTail } from '#core/stream/streams';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import { openRoom } from '../conversation.access.ts';
import { type ConversationLoaders, createLoaders } from '../conversation.loaders.ts';
import { canMark, canWrite } from '../conversation.policy.ts';
import type { EventPayloads } from '../conversation-event.ts';
import { isGap, type RoomEvent } from '../event.service.ts';
import { type SetTypingInput, setTypingSchema } from './presence.type.ts';
import type { PresenceHub } from './presence-hub.ts';
import type { Presence } from './room-state.ts';

/** How often somebody may say that he types. */
const TYPING: RateLimit = { name: 'typing', points: 30, seconds: 10 };
/** At most one state in so many milliseconds goes to a subscriber. */
const SHOW_EVERY_MS = 200;

/** Who is in rooms at this moment, and who types. */
export class PresenceService {
  constructor(
    private readonly database: Database,
    private readonly streams: Streams,
    private readonly hub: PresenceHub,
    private readonly rateLimits: RateLimits,
  ) {}

  /** @returns when it ends by itself, or null where the viewer has stopped. */
  async setTyping(viewer: Viewer, input: SetTypingInput, loaders: ConversationLoaders): Promise<Date | null> {
    const { conversationId, typing } = validate(setTypingSchema, input);
    await this.rateLimits.consume(TYPING, `${viewer.orgId}:${viewer.userId}`);
    const allowed = { check: canWrite, refusal: 'Only those who may write in a conversation type in it.' };
    await openRoom(viewer, conversationId, loaders, allowed);
    const forMs = this.hub.type(conversationId, viewer.userId, typing);
    return typing ? new Date(Date.now() + forMs) : null;
  }

  /**
   * Shows who is in a room now, and every change from then on. It ends with `NOT_FOUND` when the viewer loses the room.
   * @throws ParleyError `NOT_FOUND`.
   */
  async follow(viewer: Viewer, roomId: string, loaders: ConversationLoaders): Promise<AsyncIterableIterator<Presence>> {
    if (!isId(roomId)) throw notFound('conversation');
    // Followed first and looked at then: who is taken out in between finds that among the events.
    const tail = await this.streams.tail(roomId, null);
    const attendance = new Attendance(() => this.hub.attend(roomId, viewer.userId));
    let stopWatching = () => {};
    const presences = new LatestValue<Presence>(SHOW_EVERY_MS, () => {
      void tail.return?.();
      attendance.end();
      stopWatching();
    });
    try {
      const { facts } = await openRoom(viewer, roomId, loaders);
      attendance.set(canMark(viewer, facts));
    } catch (error) {
      await presences.return();
      throw error;
    }
    stopWatching = this.hub.watch(roomId, (presence) => presences.put(presence));
    void this.keepToRoom(viewer, roomId, tail, attendance).catch((error: unknown) => presences.fail(error));
    return presences;
  }

  /** Shows the viewer as present in a room for as long as he reads its events. */
  async attend(
    viewer: Viewer,
    roomId: string,
    loaders: ConversationLoaders,
    events: AsyncIterableIterator<RoomEvent>,
  ): Promise<AsyncIterableIterator<RoomEvent>> {
    const { facts } = await openRoom(viewer, roomId, loaders);
    if (!canMark(viewer, facts)) return events;
    const attendance = new Attendance(() => this.hub.attend(roomId, viewer.userId));
    attendance.set(true);
    const attended: AsyncIterableIterator<RoomEvent> = {
      next: async () => {
        try {
          const step = await events.next();
          if (step.done) attendance.end();
          else if (!isGap(step.value)) attendance.follow(step.value.type, step.value.payload, viewer);
          return step;
        } catch (error) {
          attendance.end();
          throw error;
        }
      },
      return: async () => {
        attendance.end();
        await events.return?.();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    return attended;
  }

  /**
   * Reads the room's stream for whether the viewer is in it.
   * @throws ParleyError `NOT_FOUND` once he has lost it.
   */
  private async keepToRoom(viewer: Viewer, roomId: string, tail: StreamTail, attendance: Attendance): Promise<void> {
    for (;;) {
      const { value, done } = await tail.next();
      if (done) throw notFound('conversation');
      if ('gap' in value || (COMINGS.has(value.type) && isAbout(viewer, JSON.parse(value.payload)))) {
        const { facts } = await runInOrg(viewer.orgId, () => openRoom(viewer, roomId, createLoaders(this.database)));
        attendance.set(canMark(viewer, facts));
      }
    }
  }
}

const COMINGS = new Set(['ParticipantJoined', 'ParticipantLeft']);

const isAbout = (viewer: Viewer, { kind, participantId }: EventPayloads['ParticipantLeft']): boolean =>
  kind === 'USER' && participantId === viewer.userId;

/** Whether one subscription makes its viewer present: for as long as he is in the room. */
class Attendance {
  private leave: (() => void) | null = null;
  private ended = false;

  constructor(private readonly attend: () => () => void) {}

  set(present: boolean): void {
    if (this.ended || present === (this.leave !== null)) return;
    this.leave?.();
    this.leave = present ? this.attend() : null;
  }

  /** Takes an event of the room into account. */
  follow(type: string, payload: unknown, viewer: Viewer): void {
    if (COMINGS.has(type) && isAbout(viewer, payload as EventPayloads['ParticipantLeft'])) {
      this.set(type === 'ParticipantJoined');
    }
  }

  end(): void {
    this.set(false);
    this.ended = true;
  }
}
