import { APPROVAL } from './command/approval.ts';
import { EXPORT_ENTRY } from './command/export.ts';
import { FORK_ENTRY } from './command/fork.ts';
import { LINE } from './command/line.ts';
import { MEMBER } from './command/member.ts';
import { REACTION_ENTRIES } from './command/reaction.ts';
import { ROOM } from './command/room.ts';
import { RUN } from './command/run.ts';
import { SEARCH_ENTRY } from './command/search.ts';
import { SUMMARY_ENTRY } from './command/summary.ts';
import { SPEAKING } from './command/takeover.ts';
import type { Command, Theme } from './command/theme.ts';
import { VERSION } from './command/version.ts';
import type { Paint } from './style.ts';

export const HELP = '/help lists what there is.';

const KEPT: Theme = {
  title: 'What was written',
  commands: [...REACTION_ENTRIES, FORK_ENTRY, SEARCH_ENTRY, EXPORT_ENTRY, SUMMARY_ENTRY],
};

const THEMES: readonly Theme[] = [ROOM, MEMBER, LINE, RUN, APPROVAL, SPEAKING, VERSION, KEPT];

/** Columns that a command takes in the list. */
const USAGE_COLUMNS = 21;

const nameOf = (usage: string): string => usage.split(' ')[0] ?? usage;

function describe({ title, commands }: Theme, paint: Paint): string {
  const lines = commands.filter(({ does }) => does !== null);
  return [paint('bold', title), ...lines.map(({ usage, does }) => `  ${usage.padEnd(USAGE_COLUMNS)} ${does}`)].join(
    '\n',
  );
}

const help: Command = (chat) => {
  const themes = THEMES.map((theme) => describe(theme, chat.paint));
  const legend = 'M counts messages from the last one, R runs; the last one is 1.';
  chat.say([...themes, legend, 'Everything else is sent to the room.'].join('\n'));
};

/** What each name does. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['/help', help],
  ...THEMES.flatMap(({ commands }) => commands.map(({ usage, run }): [string, Command] => [nameOf(usage), run])),
]);
