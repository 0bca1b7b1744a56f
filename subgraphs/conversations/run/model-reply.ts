import { type AttachmentValue, toPart } from '../attachment/attachment-value.ts';
import type { MessagePartValue } from '../message.type.ts';

/** What a message says so far. Kept as it grows, so that a reply that ends early keeps what it has. */
export class ModelReply {
  readonly parts: MessagePartValue[];

  /** @param parts What it says already. */
  constructor(parts: readonly MessagePartValue[] = []) {
    this.parts = parts.map((part) => ({ ...part }));
  }

  /** The text without the thinking. */
  get text(): string {
    return this.parts.map((part) => (part.__typename === 'TextPart' ? part.text : '')).join('');
  }

  /** A picture that it has made. */
  attach(attachment: AttachmentValue): void {
    this.parts.push(toPart(attachment));
  }

  add(kind: 'text' | 'thinking', text: string): void {
    const type = kind === 'text' ? 'TextPart' : 'ThinkingPart';
    const last = this.parts.at(-1);
    if (last && 'text' in last && last.__typename === type) last.text += text;
    else this.parts.push({ __typename: type, text });
  }
}
