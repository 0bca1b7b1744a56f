import { runInOrg } from '#core/database/tenant';
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
    if (!(await this.live.find(viewer, id))) throw notFound('live session');
    const tail = await this.streams.tail(id, seq);
    let left = false;
    let last: LiveFeedEvent | null = null;
    const leave = async () => {
      left = true;
      await tail.return?.();
      return { value: undefined, done: true as const };
    };
    /** The end, where it will not come of the stream: that is gone, or was read up to behind it. */
    const missedEnd = async (from: number | null): Promise<LiveStreamEvent | null> => {
      const session = await this.live.find(viewer, id);
      if (!session?.endedAt) return null;
      const isBehind = from === null || session.streamRemovedAt !== null || from >= (await this.streams.head(id));
      return isBehind ? endedEventOf(session, from ?? (await this.streams.head(id))) : null;
    };
    // Looked at once the tail has begun: what ended before that, it does not bring.
    let end = await missedEnd(seq);
    const events: AsyncIterableIterator<LiveFeedEvent> = {
      next: async () => {
        if (left) return { value: undefined, done: true };
        if (last && isLiveGap(last)) end = await runInOrg(viewer.orgId, () => missedEnd(last?.seq ?? null));
        if (end) {
          await leave();
          return { value: end, done: false };
        }
        for (;;) {
          const step = await tail.next();
          if (step.done) return leave();
          const event = 'gap' in step.value ? step.value : readLiveEvent(step.value);
          if (!isLiveGap(event) && event.type === 'LiveInput') continue;
          if (!isLiveGap(event) && event.type === 'LiveSessionEnded') await leave();
          last = event;
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
