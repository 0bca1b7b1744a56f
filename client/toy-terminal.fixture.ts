import { PassThrough, Writable } from 'node:stream';

/** Of a terminal, what readline and the screen make use of: a grid, a cursor and the sequences that move it. */
export class ToyTerminal extends Writable {
  readonly isTTY = true;
  readonly input = new PassThrough();
  private readonly rows: string[][] = [[]];
  private row = 0;
  private column = 0;

  constructor(readonly columns = 40) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it reads
    for (const [piece, count, action] of String(chunk).matchAll(/\u001b\[(\d*)([A-Z])|\u001b\[[\d;]*m|[\s\S]/gu)) {
      if (action) this.control(action, Number(count || '1'), count === '' ? 0 : Number(count));
      else if (piece.length === 1 || !piece.startsWith('\u001b')) this.put(piece);
    }
    done();
  }

  /** What is to be seen, without trailing blanks. */
  get screen(): string[] {
    const lines = this.rows.map((row) =>
      Array.from(row, (character) => character ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Where the cursor stands. */
  get cursor(): { row: number; column: number } {
    return { row: this.row, column: this.column };
  }

  /** The user types. */
  type(text: string): void {
    this.input.write(text);
  }

  private put(character: string): void {
    // As terminals are set, also by Node, a line feed goes to the first column as well.
    if (character === '\r' || character === '\n') this.column = 0;
    if (character === '\n') this.row += 1;
    if (character >= ' ') {
      if (this.column >= this.columns) {
        this.row += 1;
        this.column = 0;
      }
      this.at(this.row)[this.column] = character;
      this.column += 1;
    }
    this.at(this.row);
  }

  private control(action: string, count: number, argument: number): void {
    if (action === 'A') this.row = Math.max(0, this.row - count);
    else if (action === 'B') this.row += count;
    else if (action === 'C') this.column = Math.min(this.columns - 1, this.column + count);
    else if (action === 'D') this.column = Math.max(0, this.column - count);
    else if (action === 'G') this.column = count - 1;
    else if (action === 'J' && argument === 0) {
      this.at(this.row).length = Math.min(this.at(this.row).length, this.column);
      this.rows.length = this.row + 1;
    } else throw new Error(`The terminal does not know ESC[${argument}${action}.`);
  }

  private at(row: number): string[] {
    while (this.rows.length <= row) this.rows.push([]);
    return this.rows[row] ?? [];
  }
}
