import type { InteractiveChat } from './interactive.ts';
import { agentLine, makeRoom } from './room-choice.ts';
import { printable } from './style.ts';

/** What a line that begins with a slash does; `rest` is what stands behind its name. */
export type Command = (chat: InteractiveChat, rest: string) => Promise<void> | void;

export const HELP = '/help lists what there is.';

const DESCRIPTIONS = `/rooms      go to another room
/new        make a room with agents of your choice
/agents     who could be invited
/who        who is in this room
/history N  the last N messages (20)
/image PATH attach a picture, or any file, to the next line
/drop       take back what is attached
/cancel     stop the reply that is being written (Ctrl-C; once more leaves)
/approve    allow what an agent asks for (the oldest first)
/edit JSON  allow it with other arguments
/reject WHY refuse it
/logout     end this log-in and leave
/quit       leave (Ctrl-D)
Everything else is sent to the room.`;

const HISTORY = 20;
const LONGEST_HISTORY = 100;

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    '/help': (chat) => chat.say(DESCRIPTIONS),
    '/rooms': (chat) => chat.changeRoom(),
    '/new': (chat) => chat.changeRoom((dialogue) => makeRoom(chat.api, dialogue)),
    '/agents': async (chat) => {
      const agents = await chat.api.agents();
      chat.say(agents.map(agentLine).join('\n') || 'There are no agents yet.');
    },
    '/who': (chat) => {
      const lines = chat.room?.participants.map(
        ({ __typename, name }) => `  ${printable(name)}${__typename === 'Agent' ? ' (agent)' : ''}`,
      );
      chat.say(lines?.join('\n') || 'Nobody is here.');
    },
    '/history': (chat, rest) => chat.showHistory(Math.min(LONGEST_HISTORY, Math.max(1, Number(rest) || HISTORY))),
    '/image': (chat, rest) => chat.attach(rest),
    '/file': (chat, rest) => chat.attach(rest),
    '/drop': (chat) => chat.drop(),
    '/cancel': (chat) => chat.cancelRuns(),
    '/approve': (chat) => chat.decide('APPROVE'),
    '/edit': (chat, rest) => chat.decide('EDIT', { arguments: readJson(rest) }),
    '/reject': (chat, rest) => chat.decide('REJECT', rest ? { reason: rest } : {}),
    '/logout': async (chat) => {
      await chat.api.credential.end();
      chat.quit();
    },
    '/quit': (chat) => chat.quit(),
  }),
);

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('That is not JSON, such as {"timeZone": "Europe/Berlin"}.');
  }
}
