import { badInput, notFound } from '#core/error';
import type { StreamGapSignal, Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import { endedEventOf, readLiveCursor } from './live.presenter.ts';
import type { LiveService } from './live.service.ts';
import { type LiveStreamEvent, readLiveEvent } from './live-event.ts';

/** What a subscriber is given: an event, or word that some are gone. */
export type LiveFeedEvent = LiveStreamEvent | StreamGapSignal;

export const isLiveGap = (event: LiveFeedEvent): event is StreamGapSignal => 'gap' in event;

/** What happens in live sessions, as it happens. */
export class LiveFeed {
  constructor(
    private readonly live: LiveService,
    private readonly streams: Streams,
  ) {}

  /**
   * Follows a session of the viewer from behind the cursor `after`, or from now on, until it ends.
   * @throws ParleyError `NOT_FOUND`; `BAD_USER_INPUT` where `after` is not a cursor of a live session.
   */
  async follow(viewer: Viewer, id: string, after: string | null): Promise<AsyncIterableIterator<LiveFeedEvent>> {
    const seq = after === null ? null : readLiveCursor(after);
    if (after !== null && seq === null) {
      throw badInput('after', 'It is not the cursor of an event. Take it from an event or from the session.');
    }
    const first = await this.live.find(viewer, id);
    if (!first) throw notFound('live session');
    const tail = await this.streams.tail(id, seq);
    // Looked at again: what has ended meanwhile may have said so before the tail began.
    const session = await this.live.find(viewer, id);
    const isOver = session?.endedAt != null && (session.streamRemovedAt !== null || seq === null);
    let done = false;
    const leave = async () => {
      done = true;
      await tail.return?.();
      return { value: undefined, done: true as const };
    };
    const events: AsyncIterableIterator<LiveFeedEvent> = {
      next: async () => {
        if (done) return { value: undefined, done: true };
        if (isOver && session) {
          await leave();
          return { value: endedEventOf(session, seq ?? 0), done: false };
        }
        for (;;) {
          const step = await tail.next();
          if (step.done) return leave();
          const event = 'gap' in step.value ? step.value : readLiveEvent(step.value);
          if (!isLiveGap(event) && event.type === 'LiveInput') continue;
          if (!isLiveGap(event) && event.type === 'LiveSessionEnded') await leave();
          return { value: event, done: false };
        }
      },
      return: leave,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    return events;
  }
}
