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
    private readonly writer: Pick<DeltaWriter, 'write' | 'drain'>,
    said: readonly MessagePartValue[] = [],
    private readonly resumed = false,
  ) {
    this.said = new ModelReply(said);
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

  /** One who says nothing more: the message has ended in an earlier attempt. */
  static mute(): Speaker {
    return new Speaker({ write: () => {}, drain: () => Promise.resolve() });
  }

  /** Says again what a step said in an earlier attempt. Behind a pause the room has it still. */
  repeat(text: string): void {
    if (this.resumed || text === '') return;
    this.begin();
    this.say('text', text);
  }

  /** Resolves when all of it is durable. @throws what the log refused it with */
  drain(): Promise<void> {
    return this.writer.drain();
  }
}
