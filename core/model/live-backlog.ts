import type { LiveInput } from './live.port.ts';

/** What a client sends; the rest is the link's own. */
export type ClientInput = Extract<LiveInput, { type: 'text' | 'audio' | 'audio_end' }>;

interface Entry {
  input: ClientInput;
  /** The client's number of it, rising. */
  sequence: number;
  bytes: number;
  sent: boolean;
}

/** About a minute of 16 kHz PCM in base64. */
export const MAX_BACKLOG_BYTES = 3 * 1024 * 1024;

const sizeOf = (input: ClientInput): number =>
  64 + (input.type === 'audio' ? input.data.length : input.type === 'text' ? input.text.length : 0);

/**
 * What was said to the model and not answered yet: sent again where a connection breaks, since nobody knows how much of
 * it the model has taken. An input is settled by the end of an answer that began after it was sent. Bounded: the oldest
 * speech that was sent goes first, then nothing more is taken.
 */
export class LiveBacklog {
  private entries: Entry[] = [];
  private bytes = 0;
  private covered = 0;

  constructor(private readonly maxBytes = MAX_BACKLOG_BYTES) {}

  /** @returns false where there is no room for it. */
  add(input: ClientInput, sequence: number): boolean {
    const bytes = sizeOf(input);
    while (this.bytes + bytes > this.maxBytes) if (!this.forgetOldestSpeech()) return false;
    this.entries.push({ input, sequence, bytes, sent: false });
    this.bytes += bytes;
    return true;
  }

  /** The oldest that was not sent yet, marked as sent. */
  takeUnsent(): ClientInput | null {
    const entry = this.entries.find(({ sent }) => !sent);
    if (!entry) return null;
    entry.sent = true;
    return entry.input;
  }

  /** The model begins to answer what was sent so far. */
  answerBegins(): void {
    this.covered = this.entries.filter(({ sent }) => sent).length;
  }

  /** The answer is over: what it was to is settled, and returned. */
  answerEnds(): { inputs: ClientInput[]; lastSequence: number | null } {
    const settled = this.entries.splice(0, this.covered);
    this.covered = 0;
    this.bytes -= settled.reduce((sum, { bytes }) => sum + bytes, 0);
    return { inputs: settled.map(({ input }) => input), lastSequence: settled.at(-1)?.sequence ?? null };
  }

  /** The connection is gone: everything is to be sent again. */
  connectionLost(): void {
    this.covered = 0;
    for (const entry of this.entries) entry.sent = false;
  }

  /** Whether a turn that was written out waits for its answer. */
  get awaitsAnswer(): boolean {
    return this.entries.some(({ input, sent }) => sent && input.type === 'text' && input.endOfTurn);
  }

  get size(): number {
    return this.bytes;
  }

  private forgetOldestSpeech(): boolean {
    const index = this.entries.findIndex(({ input, sent }) => sent && input.type === 'audio');
    const [entry] = index < 0 ? [] : this.entries.splice(index, 1);
    if (!entry) return false;
    this.bytes -= entry.bytes;
    if (index < this.covered) this.covered -= 1;
    return true;
  }
}
