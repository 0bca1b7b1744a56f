import { agentLine, makeRoom } from '../room-choice.ts';
import { printable } from '../style.ts';
import type { Theme } from './theme.ts';

const HISTORY = 20;
const LONGEST_HISTORY = 100;

export const ROOM: Theme = {
  title: 'Rooms',
  commands: [
    { usage: '/rooms', does: 'go to another room', run: (chat) => chat.changeRoom() },
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
      usage: '/who',
      does: 'who is in this room',
      run: (chat) => {
        const lines = chat.room?.participants.map(
          ({ __typename, name }) => `  ${printable(name)}${__typename === 'Agent' ? ' (agent)' : ''}`,
        );
        chat.say(lines?.join('\n') || 'Nobody is here.');
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
