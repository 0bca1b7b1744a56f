import { runInOrg } from '#core/database/tenant';
import { badInput } from '#core/error';
import { decodeCursor } from '#core/graphql/pagination';
import type { Streams, StreamTail } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import type { EventArrivalType, EventStreamFilter } from './event.type.ts';
import { type EventWish, readFilter } from './event-filter.ts';
import { type EventLog, eventCursor, readEventPlace } from './event-log.ts';
import { type EventRow, presentEvent } from './event-row.ts';
import type { RoomSight } from './room-sight.ts';

const PAGE = 200;

export interface FollowOptions {
  log: EventLog;
  rooms: RoomSight;
  streams: Streams;
}

/**
 * The events of the viewer's organization that fit, from behind the cursor `after`, or from now on.
 * @throws ParleyError `BAD_USER_INPUT`
 */
export async function followEvents(
  viewer: Viewer,
  filter: EventStreamFilter | null | undefined,
  after: string | null | undefined,
  options: FollowOptions,
): Promise<AsyncIterableIterator<EventArrivalType>> {
  const wish = readFilter(filter);
  const head = await options.streams.head(viewer.orgId);
  const start = after == null ? head : readAfter(after);
  // A cursor from beyond the end comes of a database that was restored: whoever has it must load anew as well.
  return new EventFollower(viewer, wish, Math.min(start, head), start > head, options);
}

function readAfter(cursor: string): number {
  const place = readEventPlace(decodeCursor(cursor) ?? []);
  if (place === null) throw badInput('after', 'It is not the cursor of an event of the log.');
  return place;
}

/**
 * Reads the log page by page, and waits at its end for the stream to tell that it has grown. What the stream no longer
 * keeps is in the log still. Written by hand, since an async generator cannot be ended while it waits.
 */
class EventFollower implements AsyncIterableIterator<EventArrivalType> {
  private readonly unread: EventRow[] = [];
  private tail: StreamTail | null = null;
  private ended = false;

  constructor(
    private readonly viewer: Viewer,
    private readonly wish: EventWish,
    /** The last `seq` that was read. */
    private last: number,
    /** Whether it begins with word of what is missing. */
    private isBehindGap: boolean,
    private readonly options: FollowOptions,
  ) {}

  async next(): Promise<IteratorResult<EventArrivalType>> {
    while (!this.ended) {
      if (this.isBehindGap) {
        this.isBehindGap = false;
        return { value: { cursor: eventCursor(this.last), event: null }, done: false };
      }
      const [row] = this.unread;
      if (!row) {
        await this.read();
      } else if (row.seq !== this.last + 1) {
        this.last = row.seq - 1;
        this.isBehindGap = true;
      } else {
        this.unread.shift();
        this.last = row.seq;
        const isWanted = await this.isWanted(row);
        if (isWanted && !this.ended) {
          return { value: { cursor: eventCursor(row.seq), event: presentEvent(row) }, done: false };
        }
      }
    }
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<EventArrivalType>> {
    this.ended = true;
    this.unread.length = 0;
    await this.tail?.return?.();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async read(): Promise<void> {
    const rows = await this.inOrg(() => this.options.log.following(this.last, PAGE));
    if (rows.length > 0) this.unread.push(...rows);
    else await this.wait();
  }

  /** Until there is more behind `last`. */
  private async wait(): Promise<void> {
    const { streams } = this.options;
    if (!this.tail) {
      const tail = await this.inOrg(() => streams.tail(this.viewer.orgId, this.last));
      if (this.ended) return void (await tail.return?.());
      this.tail = tail;
      // What came before it was opened is told by it as well.
    }
    for (;;) {
      const step = await this.tail.next();
      if (step.done) {
        this.tail = null;
        return;
      }
      if (step.value.seq > this.last) return;
    }
  }

  private async isWanted(row: EventRow): Promise<boolean> {
    const { types, actorId, subjectId, conversationId, isPossible } = this.wish;
    const fits =
      isPossible &&
      (types === null || types.includes(row.type)) &&
      (actorId === null || row.actorId === actorId) &&
      (subjectId === null || row.subjectId === subjectId) &&
      (conversationId === null || row.conversationId === conversationId);
    if (!fits) return false;
    return (await this.options.rooms.visible(this.viewer, [row])).length > 0;
  }

  private inOrg<T>(work: () => Promise<T>): Promise<T> {
    return runInOrg(this.viewer.orgId, work);
  }
}
