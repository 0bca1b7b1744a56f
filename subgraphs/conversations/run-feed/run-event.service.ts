import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import { notFound } from '#core/error';
import type { Streams } from '#core/stream/streams';
import type { Viewer } from '#core/viewer';
import type { Run } from '#prisma/generated/client';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import { eventCursor } from '../conversation.presenter.ts';
import type { ConversationEvent } from '../conversation-event.ts';
import { type EventService, isGap, type RoomEvent, readEventCursor } from '../event.service.ts';
import { type RunService, UNFINISHED } from '../run.service.ts';

/** What a subscriber is given, and the room that it happened in. */
export interface RunFeedEvent {
  conversationId: string;
  event: RoomEvent;
}

/** What happens within one run, as it happens. */
export class RunEventService {
  constructor(
    private readonly database: Database,
    private readonly streams: Streams,
    private readonly events: EventService,
    private readonly runs: RunService,
  ) {}

  /**
   * Follows a run from behind the cursor `after`, or from its beginning, until it has ended.
   * @throws ParleyError `NOT_FOUND`; `BAD_USER_INPUT` where `after` is not a cursor of an event.
   */
  async follow(
    viewer: Viewer,
    runId: string,
    after: string | null,
    loaders: ConversationLoaders,
  ): Promise<AsyncIterableIterator<RunFeedEvent>> {
    const run = await this.runs.find(viewer, runId, loaders);
    if (!run) throw notFound('run');
    const { conversationId } = run;
    let seen = after === null ? await this.beginning(run) : readEventCursor(after);
    const room = await this.events.follow(viewer, conversationId, eventCursor(seen), loaders);
    // Looked at once the room is followed: a run that ends from now on says so among what comes.
    let end = await this.end(run);
    let left = false;
    const leave = async () => {
      left = true;
      await room.return?.();
      return { value: undefined, done: true as const };
    };
    const feed: AsyncIterableIterator<RunFeedEvent> = {
      next: async () => {
        for (;;) {
          if (left) return { value: undefined, done: true };
          if (end !== null && seen >= end) return leave();
          const step = await room.next();
          if (step.done) return leave();
          const event = step.value;
          seen = event.seq;
          const tellsOfEnd = isGap(event) || (event.type === 'RunStateChanged' && event.payload.run.id === run.id);
          if (tellsOfEnd) end = await runInOrg(viewer.orgId, () => this.end(run));
          if (isGap(event) || runOf(event) === run.id) return { value: { conversationId, event }, done: false };
        }
      },
      return: leave,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    return feed;
  }

  /** The place of the message that asked for it: what comes behind is all of the run. */
  private async beginning(run: Run): Promise<number> {
    const trigger = await this.database.scoped.message.findFirst({
      where: { id: run.triggerMessageId },
      select: { position: true },
    });
    return Number(trigger?.position ?? 0);
  }

  /** A place with nothing more of the run behind it; null while there may be. One that was retried goes on. */
  private async end({ id, conversationId }: Run): Promise<number | null> {
    const now = await this.database.scoped.run.findFirst({ where: { id }, select: { state: true } });
    return now && UNFINISHED.includes(now.state) ? null : this.streams.head(conversationId);
  }
}

/** The run that an event is about; null where it is about something else in the room. */
function runOf({ payload }: ConversationEvent): string | null {
  if ('run' in payload) return payload.run.id;
  if ('message' in payload) return payload.message.runId;
  if ('step' in payload) return payload.step.runId;
  if ('approval' in payload) return payload.approval.runId;
  return 'runId' in payload ? payload.runId : null;
}
