import type { AttachmentValue } from '../attachment/attachment-value.ts';
import type { MessagePartValue } from '../message.type.ts';
import type { DeltaWriter } from '../run/delta-writer.ts';
import { ModelReply } from '../run/model-reply.ts';

/** Whoever writes a message: what it says is streamed as it comes, and kept. */
export class Speaker {
  readonly said: ModelReply;

  /**
   * @param said What the room has seen of the message already.
   * @param resumed The work goes on behind a pause: what ended steps have said is in it.
   */
  constructor(
    private readonly writer: Pick<DeltaWriter, 'write' | 'attach' | 'drain'> & { messageId: string | null },
    said: readonly MessagePartValue[] = [],
    private readonly resumed = false,
  ) {
    this.said = new ModelReply(said);
  }

  /** The message that it writes; null where it says nothing. */
  get messageId(): string | null {
    return this.writer.messageId;
  }

  /** What the room has seen of the message, as what is said next follows on it. */
  get before(): string {
    const { text } = this.said;
    return text === '' || text.endsWith('\n') ? text : `${text}\n\n`;
  }

  /** Sets what follows apart from what an earlier step said. */
  begin(): void {
    const { text } = this.said;
    if (text !== '' && !text.endsWith('\n')) this.say('text', '\n\n');
  }

  say(kind: 'text' | 'thinking', text: string): void {
    if (text === '') return;
    this.said.add(kind, text);
    this.writer.write(kind, text);
  }

  /** Shows a picture, which is durable already. */
  attach(picture: AttachmentValue): void {
    this.said.attach(picture);
    this.writer.attach(picture);
  }

  /** One who says nothing more: the message has ended in an earlier attempt. */
  static mute(): Speaker {
    return new Speaker({ messageId: null, write: () => {}, attach: () => {}, drain: () => Promise.resolve() });
  }

  /** Says and shows again what a step did in an earlier attempt. Behind a pause the room has it still. */
  repeat(said: readonly (string | AttachmentValue)[]): void {
    if (this.resumed) return;
    let isApart = false;
    for (const each of said) {
      if (typeof each !== 'string') this.attach(each);
      else if (each !== '') {
        if (!isApart) this.begin();
        isApart = true;
        this.say('text', each);
      }
    }
  }

  /** Resolves when all of it is durable. @throws what the log refused it with */
  drain(): Promise<void> {
    return this.writer.drain();
  }
}
