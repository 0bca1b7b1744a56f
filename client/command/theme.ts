import type { InteractiveChat } from '../interactive.ts';

/** What a line that begins with a slash does; `rest` is what stands behind its name. It throws in sentences. */
export type Command = (chat: InteractiveChat, rest: string) => Promise<void> | void;

/** One command, as it is listed. */
export interface Entry {
  /** The name with its slash, then what may stand behind it. */
  usage: string;
  /** What it is for, in a few words; null keeps another name of a command out of the list. */
  does: string | null;
  run: Command;
}

/** Commands that belong together, in the order in which they are listed. */
export interface Theme {
  title: string;
  commands: Entry[];
}
