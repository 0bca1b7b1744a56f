import type { Bus } from '#core/bus/bus';
import type { Logger } from '#core/log';
import type { ClientInput } from '#core/model/live-backlog';
import type { LiveLink } from '#core/model/live-link';
import type { LiveLog } from './live-log.ts';
import { type LiveInputMessage, type LiveMail, reply } from './live-mailbox.ts';
import type { LiveProgress } from './live-progress.ts';
import { SequenceGate } from './sequence-gate.ts';

type InputMail = Extract<LiveMail, { kind: 'input' }>;

/** How long input waits for what is missing before it, in milliseconds. */
const MISSING_MS = 2_000;
/** Inputs that nobody answers, as an open microphone makes them: older ones are no longer kept for the model. */
const MAX_UNSETTLED = 4_000;

export interface IntakeOptions {
  bus: Bus;
  log: Logger;
  stream: LiveLog;
  link: LiveLink;
  onInput(): void;
}

/**
 * Takes what the client of one session sends: in its order, each once, durable before it is answered for. What is taken
 * reaches the model, by this process or by one that takes the session over.
 */
export class LiveIntake {
  private readonly gate: SequenceGate<InputMail>;
  /** What the model has not answered yet, and where in the stream it is at the earliest. */
  private unsettled: { sequence: number; seq: number }[];
  private recording = false;
  private turn: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    progress: LiveProgress,
    private readonly options: IntakeOptions,
  ) {
    this.gate = new SequenceGate(progress.lastSequence);
    this.unsettled = progress.inputs.map(({ sequence, seq }) => ({ sequence, seq }));
    for (const input of progress.inputs) this.say(input);
  }

  /** The newest input that was taken. */
  get lastSequence(): number {
    return this.gate.newest;
  }

  /** Takes mail, one after the other. */
  take(mail: InputMail): void {
    this.turn = this.turn
      .then(() => this.handle(mail))
      .catch((error: unknown) => {
        // Unanswered, it comes again: to whoever holds the session then.
        this.options.log.debug({ err: error }, 'input of a live session was not taken');
      });
  }

  /** Forgets what is settled. @returns from where on the stream is needed to go on. */
  settle(upTo: number | null): number {
    if (upTo !== null) this.unsettled = this.unsettled.filter(({ sequence }) => sequence > upTo);
    return this.unsettled[0]?.seq ?? this.options.stream.lastSeq + 1;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.turn;
  }

  private async handle(mail: InputMail): Promise<void> {
    if (this.closed) return;
    const { input } = mail;
    switch (this.gate.judge(input.sequence)) {
      case 'DUPLICATE':
        return this.answer(mail, { duplicate: true });
      case 'EARLY':
        return this.wait(mail);
      case 'NEXT':
        break;
    }
    if (this.options.link.isFull) {
      const message = 'The model cannot be reached at the moment, and no more can be kept for it.';
      return this.answer(mail, { refusal: { code: 'UNAVAILABLE', message } });
    }
    this.unsettled.push({ sequence: input.sequence, seq: this.options.stream.lastSeq + 1 });
    if (this.unsettled.length > MAX_UNSETTLED) this.unsettled.shift();
    await this.options.stream.append('LiveInput', input);
    this.say(input);
    this.options.onInput();
    this.answer(mail, {});
    const next = this.gate.taken();
    if (next) await this.handle(next);
  }

  private wait(mail: InputMail): void {
    const { sequence } = mail.input;
    if (!this.gate.wait(sequence, mail)) return;
    setTimeout(() => {
      if (!this.gate.forget(sequence)) return;
      const { expected } = this.gate;
      const message = `Input ${expected} is missing before it: send that first.`;
      this.answer(mail, { refusal: { code: 'CONFLICT', message, expected } });
    }, MISSING_MS).unref();
  }

  private say(input: LiveInputMessage): void {
    for (const each of this.toModel(input)) this.options.link.send(each, input.sequence);
  }

  private *toModel({ text, audio, endOfTurn }: LiveInputMessage): Generator<ClientInput> {
    if (text !== null) {
      yield { type: 'text', text, endOfTurn };
      return;
    }
    if (audio) {
      yield { type: 'audio', ...audio };
      this.recording = true;
    }
    if (!endOfTurn) return;
    yield this.recording ? { type: 'audio_end' } : { type: 'text', text: '', endOfTurn };
    this.recording = false;
  }

  private answer({ requestId, replyTo }: InputMail, answer: Omit<Parameters<typeof reply>[2], 'requestId'>): void {
    reply(this.options.bus, replyTo, { requestId, ...answer });
  }
}
