import { displayWidth, graphemes } from './display-width.ts';

/**
 * Breaks streamed text between words. A word is held back until its end is known, since it may have to go to the next
 * line; what `write` and `flush` return has line breaks wherever a line is full, and never reaches the last column.
 */
export class WordWrap {
  /** Columns taken on the current line. */
  column = 0;
  private word = '';
  /** Whether the current line began because the last one was full: then the space between the words is not needed. */
  private isContinued = false;

  /** @param columns Asked for at each word, as a window may be resized. */
  constructor(private readonly columns: () => number) {}

  write(text: string): string {
    let out = '';
    for (const piece of text.split(/(\s)/)) {
      if (piece === '') continue;
      if (!/^\s$/.test(piece)) {
        this.word += piece;
        continue;
      }
      out += this.flush();
      if (piece === '\n') {
        out += piece;
        this.column = 0;
        this.isContinued = false;
      } else if (this.column < this.columns() - 1 && !(this.column === 0 && this.isContinued)) {
        out += piece;
        this.column += 1;
      }
    }
    return out;
  }

  /** What has been held back, when no more is to come. */
  flush(): string {
    const { word } = this;
    this.word = '';
    const width = displayWidth(word);
    const room = this.columns() - 1;
    if (this.column + width <= room) {
      this.column += width;
      return word;
    }
    this.isContinued = true;
    if (width > room) return this.split(word, room);
    this.column = width;
    return `\n${word}`;
  }

  /** A word that no line can hold. */
  private split(word: string, room: number): string {
    let out = '';
    for (const { text, width } of graphemes(word)) {
      if (this.column + width > room) {
        out += '\n';
        this.column = 0;
      }
      out += text;
      this.column += width;
    }
    return out;
  }
}
