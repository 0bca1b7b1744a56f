import type { InteractiveChat } from '../interactive.ts';
import { agentLine, findRoom, makeRoom } from '../room-choice.ts';
import type { Theme } from './theme.ts';

const HISTORY = 20;
const LONGEST_HISTORY = 100;

/** Goes to the room of this title, or to one that the user picks. */
async function goTo(chat: InteractiveChat, title: string): Promise<void> {
  if (title === '') return chat.changeRoom();
  const room = findRoom(await chat.api.rooms(), title);
  if (!room) throw new Error(`There is no room "${title}".`);
  await chat.changeRoom(async () => room);
}

export const ROOM: Theme = {
  title: 'Rooms',
  commands: [
    { usage: '/rooms [TITLE]', does: 'go to another room', run: goTo },
    {
      usage: '/new',
      does: 'make a room with agents of your choice',
      run: (chat) => chat.changeRoom((dialogue) => makeRoom(chat.api, dialogue)),
    },
    {
      usage: '/agents',
      does: 'who could be invited',
      run: async (chat) => {
        const agents = await chat.api.agents();
        chat.say(agents.map(agentLine).join('\n') || 'There are no agents yet.');
      },
    },
    {
      usage: '/history [N]',
      does: `the last N messages (${HISTORY})`,
      run: (chat, rest) => chat.showHistory(Math.min(LONGEST_HISTORY, Math.max(1, Number(rest) || HISTORY))),
    },
    {
      usage: '/logout',
      does: 'end this log-in and leave',
      run: async (chat) => {
        await chat.api.credential.end();
        chat.quit();
      },
    },
    { usage: '/quit', does: 'leave (Ctrl-D)', run: (chat) => chat.quit() },
  ],
};
