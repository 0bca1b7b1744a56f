import type { InteractiveChat } from '../interactive.ts';
import { PARTICIPANT, type RoomSummary } from '../operation.ts';
import { messageAt } from '../recent.ts';
import type { Entry } from './theme.ts';

const FORK_ROOM = `mutation Fork($input: ForkConversationInput!) {
  forkConversation(input: $input) { conversation { id title participants { ...participant } } }
} ${PARTICIPANT}`;

interface ForkResult {
  forkConversation: { conversation: RoomSummary };
}

/** Makes a room that goes on from a message with the same agents, and goes there. */
async function fork(chat: InteractiveChat, typed: string): Promise<void> {
  const { id } = await messageAt(chat.api, chat.roomId, typed || '1');
  const result = await chat.api.mutate<ForkResult>(FORK_ROOM, { input: { messageId: id } });
  await chat.changeRoom(async () => result.forkConversation.conversation);
  chat.note('This room is a fork of your own. The one that it came from stays as it is: /rooms.');
}

export const FORK_ENTRY: Entry = {
  usage: '/fork [M]',
  does: 'make a room that goes on from a message, and go there',
  run: fork,
};
