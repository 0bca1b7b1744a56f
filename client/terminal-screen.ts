import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { displayWidth } from './display-width.ts';
import type { Screen } from './screen.ts';
import { WordWrap } from './word-wrap.ts';

/** Where to write when a window does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** A terminal, as far as the screen needs one. */
export type Terminal = Pick<WriteStream, 'write' | 'columns'> & NodeJS.WritableStream;

/**
 * Writes above the line that is being typed. For each piece of output the prompt is taken away, the output goes on where
 * it had stopped, and the prompt comes back below with what had been typed and the cursor in its place.
 */
export class TerminalScreen implements Screen {
  private readonly wrap: WordWrap;
  /** Whether a message is open whose last line ends above the prompt. */
  private isOpen = false;
  private isPrompting = false;

  constructor(
    private readonly prompt: Interface,
    private readonly terminal: Terminal,
    private readonly nameOf: (author: string) => string = (author) => author,
  ) {
    this.wrap = new WordWrap(() => this.columns);
  }

  /** Shows the prompt. Until then nothing is drawn below the output. */
  startPrompting(): void {
    this.isPrompting = true;
    // A message may be open since before.
    if (this.isOpen && this.wrap.column > 0) this.terminal.write('\n');
    this.prompt.prompt();
  }

  /** Takes the prompt away for good. */
  stopPrompting(): void {
    this.erasePrompt();
    this.isPrompting = false;
  }

  /** Takes away the line that was just entered: it comes back as a message of the room. */
  eraseEntered(line: string): void {
    const width = displayWidth(this.prompt.getPrompt() + line);
    moveCursor(this.terminal, 0, -(Math.floor(width / this.columns) + 1));
    cursorTo(this.terminal, 0);
    clearScreenDown(this.terminal);
  }

  line(text: string): void {
    this.draw(() => {
      const wrap = new WordWrap(() => this.columns);
      return `${wrap.write(`${text}\n`)}${wrap.flush()}`;
    });
  }

  begin(author: string): void {
    this.draw(() => {
      this.isOpen = true;
      this.wrap.column = displayWidth(author) + 2;
      return `${this.nameOf(author)}: `;
    });
  }

  write(text: string): void {
    this.draw(() => this.wrap.write(text));
  }

  end(): void {
    this.draw(() => {
      const rest = `${this.wrap.flush()}${this.wrap.column > 0 ? '\n' : ''}`;
      this.wrap.column = 0;
      this.isOpen = false;
      return rest;
    });
  }

  private get columns(): number {
    return this.terminal.columns || USUAL_COLUMNS;
  }

  private draw(produce: () => string): void {
    const column = this.isOpen ? this.wrap.column : 0;
    const text = produce();
    if (text === '') return;
    if (this.isPrompting) this.erasePrompt();
    if (this.isPrompting && column > 0) {
      moveCursor(this.terminal, 0, -1);
      cursorTo(this.terminal, column);
    }
    this.terminal.write(text);
    if (!this.isPrompting) return;
    if (this.isOpen && this.wrap.column > 0) this.terminal.write('\n');
    this.prompt.prompt(true);
  }

  private erasePrompt(): void {
    moveCursor(this.terminal, 0, -this.prompt.getCursorPos().rows);
    cursorTo(this.terminal, 0);
    clearScreenDown(this.terminal);
    // Readline would go up once more by the rows that it drew last; they are gone.
    Object.assign(this.prompt, { prevRows: 0 });
  }
}
