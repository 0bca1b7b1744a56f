import type { InteractiveChat } from '../interactive.ts';
import { messageAt } from '../recent.ts';
import type { Entry } from './theme.ts';

const ADD = 'mutation React($input: AddReactionInput!) { addReaction(input: $input) { message { id } } }';
const REMOVE = 'mutation Unreact($input: RemoveReactionInput!) { removeReaction(input: $input) { message { id } } }';

/** Puts an emoji to a message, or takes it away. */
async function react(chat: InteractiveChat, mutation: string, rest: string): Promise<void> {
  const [emoji = '', typed = '1'] = rest.split(/\s+/);
  if (emoji === '') throw new Error('Say with what: /react 👍.');
  const { id } = await messageAt(chat.api, chat.roomId, typed);
  await chat.api.mutate(mutation, { input: { messageId: id, emoji } });
}

export const REACTION_ENTRIES: Entry[] = [
  { usage: '/react EMOJI [M]', does: 'put an emoji to a message', run: (chat, rest) => react(chat, ADD, rest) },
  { usage: '/unreact EMOJI [M]', does: 'take it away', run: (chat, rest) => react(chat, REMOVE, rest) },
];
