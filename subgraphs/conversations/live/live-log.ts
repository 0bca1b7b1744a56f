import type { Streams } from '#core/stream/streams';
import type { LiveSession } from '#prisma/generated/client';
import { type LiveEventName, type LivePayloads, liveEventOf } from './live-event.ts';

/** Commits that may be under way for one session: a model that speaks faster than the log takes is held back. */
const MAX_UNDER_WAY = 8;

/** Writes what happens in a session to its stream, in order, under this process's claim. */
export class LiveLog {
  private readonly underWay = new Set<Promise<void>>();
  private failure: { error: unknown } | null = null;

  /** No event that is durable so far has a higher `seq`; none that is appended later a lower one. */
  lastSeq: number;

  constructor(
    private readonly streams: Streams,
    private readonly session: LiveSession,
    /** Called once when the log refuses: the claim was taken over, or the database stays away. */
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.lastSeq = Number(session.checkpointSeq);
  }

  /** Resolves once there is room for more. @throws what the log refused an earlier event with. */
  async write<Name extends LiveEventName>(type: Name, payload: LivePayloads[Name]): Promise<void> {
    this.append(type, payload).catch(() => {});
    while (this.underWay.size >= MAX_UNDER_WAY && !this.failure) await Promise.race(this.underWay);
    if (this.failure) throw this.failure.error;
  }

  /** Resolves once it is durable. @throws what the log refused it with. */
  async append<Name extends LiveEventName>(type: Name, payload: LivePayloads[Name]): Promise<void> {
    if (this.failure) throw this.failure.error;
    const appended = this.streams.append(liveEventOf(this.session, type, payload, this.session.fence));
    const settled = appended
      .then(({ seq }) => {
        this.lastSeq = Math.max(this.lastSeq, seq);
      })
      .catch((error: unknown) => {
        if (this.failure) return;
        this.failure = { error };
        this.onFailure(error);
      })
      .finally(() => this.underWay.delete(settled));
    this.underWay.add(settled);
    await appended;
  }

  /** Resolves once all that was written is durable. @throws what the log refused it with. */
  async drain(): Promise<void> {
    await Promise.all(this.underWay);
    if (this.failure) throw this.failure.error;
  }
}
