import type { Streams } from '#core/stream/streams';
import type { Run } from '#prisma/generated/client';
import type { AttachmentValue } from '../attachment/attachment-value.ts';
import { eventOf } from '../conversation-event.ts';

type DeltaKind = 'text' | 'thinking';

type Pending = { kind: DeltaKind; text: string } | { kind: 'picture'; picture: AttachmentValue };

/** Commits that may be under way for one reply. With two, the next one fills while the last one is written. */
const MAX_UNDER_WAY = 2;

/**
 * Writes a reply to the stream as it comes. While the log is busy, what comes meanwhile is joined into one delta, so
 * that a fast model costs no more rows than the log can take.
 */
export class DeltaWriter {
  private readonly pending: Pending[] = [];
  private underWay = 0;
  private index: number;
  private failure: unknown = null;
  private onIdle: (() => void)[] = [];

  constructor(
    private readonly streams: Streams,
    private readonly run: Run,
    readonly messageId: string,
    /** Called once when the log refuses: the claim was taken over, or the database stays away. */
    private readonly onFailure: (error: unknown) => void,
    /** How many deltas of the message this attempt has streamed already, before a pause. */
    streamed = 0,
  ) {
    this.index = streamed;
  }

  /** How many deltas of the message this attempt has streamed. */
  get count(): number {
    return this.index;
  }

  write(kind: DeltaKind, text: string): void {
    if (text === '' || this.failure !== null) return;
    const last = this.pending.at(-1);
    if (last && last.kind !== 'picture' && last.kind === kind) last.text += text;
    else this.pending.push({ kind, text });
    this.flush();
  }

  /** Shows a picture behind what was written so far. */
  attach(picture: AttachmentValue): void {
    if (this.failure !== null) return;
    this.pending.push({ kind: 'picture', picture });
    this.flush();
  }

  /** Resolves when all that was written is durable. @throws what the log refused it with. */
  async drain(): Promise<void> {
    if (this.underWay > 0 || this.pending.length > 0) {
      await new Promise<void>((resolve) => this.onIdle.push(resolve));
    }
    if (this.failure !== null) throw this.failure;
  }

  private flush(): void {
    while (this.underWay < MAX_UNDER_WAY && this.failure === null) {
      const delta = this.pending.shift();
      if (!delta) break;
      this.underWay += 1;
      this.streams.append(this.toEvent(delta)).then(
        () => this.landed(),
        (error: unknown) => this.refused(error),
      );
    }
    if (this.underWay > 0 || (this.pending.length > 0 && this.failure === null)) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }

  private toEvent(pending: Pending) {
    const { run, messageId } = this;
    const room = { id: run.conversationId, orgId: run.orgId };
    const producer = { id: run.id, epoch: run.fence };
    const shared = { messageId, runId: run.id, attempt: run.attempt };
    if (pending.kind === 'picture') {
      return eventOf(room, 'MessageAttachmentAdded', { ...shared, attachment: pending.picture }, producer);
    }
    const { kind, text } = pending;
    if (kind === 'thinking') return eventOf(room, 'ThinkingDelta', { ...shared, text }, producer);
    return eventOf(room, 'MessageDelta', { ...shared, index: this.index++, text }, producer);
  }

  private landed(): void {
    this.underWay -= 1;
    this.flush();
  }

  private refused(error: unknown): void {
    this.underWay -= 1;
    if (this.failure === null) {
      this.failure = error;
      this.pending.length = 0;
      this.onFailure(error);
    }
    this.flush();
  }
}
