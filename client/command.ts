import { APPROVAL } from './command/approval.ts';
import { FORK } from './command/fork.ts';
import { LINE } from './command/line.ts';
import { ROOM } from './command/room.ts';
import { RUN } from './command/run.ts';
import { SPEAKING } from './command/takeover.ts';
import type { Command, Theme } from './command/theme.ts';
import { VERSION } from './command/version.ts';

export const HELP = '/help lists what there is.';

const THEMES: readonly Theme[] = [ROOM, LINE, RUN, APPROVAL, VERSION, FORK, SPEAKING];

/** Columns that a command takes in the list. */
const USAGE_COLUMNS = 16;

const nameOf = (usage: string): string => usage.split(' ')[0] ?? usage;

function describe({ title, commands }: Theme): string {
  const lines = commands.filter(({ does }) => does !== null);
  return [title, ...lines.map(({ usage, does }) => `  ${usage.padEnd(USAGE_COLUMNS)} ${does}`)].join('\n');
}

const help: Command = (chat) => chat.say([...THEMES.map(describe), 'Everything else is sent to the room.'].join('\n'));

/** What each name does. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['/help', help],
  ...THEMES.flatMap(({ commands }) => commands.map(({ usage, run }): [string, Command] => [nameOf(usage), run])),
]);
