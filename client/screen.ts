/** What the transcript is written on. */
export interface Screen {
  /** A whole line, or several. */
  line(text: string): void;
  /** Begins a message that comes in pieces, after its author's name. Only one is open at a time. */
  begin(author: string): void;
  /** More of the open message. */
  write(text: string): void;
  /** Ends the open message. */
  end(): void;
}

/** Plain output in the order in which it happens, for pipes and files. */
export function plainScreen(output: NodeJS.WritableStream): Screen {
  let isAtStart = true;
  const write = (text: string) => {
    if (text === '') return;
    output.write(text);
    isAtStart = text.endsWith('\n');
  };
  return {
    line: (text) => write(`${text}\n`),
    begin: (author) => write(`${author}: `),
    write,
    end: () => {
      if (!isAtStart) write('\n');
    },
  };
}
