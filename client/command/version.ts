import { excerpt } from '../excerpt.ts';
import type { InteractiveChat } from '../interactive.ts';
import { findNamed } from '../named.ts';
import type { Participant } from '../operation.ts';
import { PARTICIPANT } from '../operation.ts';
import { messageAt, type RecentMessage, readCount, recentMessages } from '../recent.ts';
import { printable } from '../style.ts';
import { agentsHere } from './member.ts';
import type { Theme } from './theme.ts';

const REGENERATE = `mutation Regenerate($input: RegenerateReplyInput!) {
  regenerateReply(input: $input) { run { id } }
}`;

const EDIT = 'mutation Edit($input: EditMessageInput!) { editMessage(input: $input) { message { id } run { id } } }';

const SELECT = 'mutation Select($input: SelectBranchInput!) { selectBranch(input: $input) { message { id } } }';

const VERSIONS = `query Versions($id: ID!) {
  message(id: $id) { siblings { id text isShown author { ...participant } } }
} ${PARTICIPANT}`;

interface Version {
  id: string;
  text: string;
  /** Whether it is the one that the room shows. */
  isShown: boolean;
  author: Participant;
}

/** Has the newest reply of an agent made anew, by another agent where one is named. What there was stays as a version. */
async function regenerate(chat: InteractiveChat, typed: string): Promise<void> {
  const messages = await recentMessages(chat.api, chat.roomId);
  const reply = messages.find(({ author }) => author.__typename === 'Agent');
  if (!reply) throw new Error('No agent has written here lately.');
  const agent = typed === '' ? null : findNamed(await agentsHere(chat), typed, 'agent');
  const input = { messageId: reply.id, ...overBusy(chat), ...(agent && { agentId: agent.id }) };
  await chat.api.mutate(REGENERATE, { input });
}

/** Writes one's own last message in other words, and has it answered. */
async function revise(chat: InteractiveChat, text: string): Promise<void> {
  if (text === '') throw new Error('Say what it should be: /revise TEXT.');
  const messages = await recentMessages(chat.api, chat.roomId);
  const own = messages.find(({ author }) => author.id === chat.viewerId);
  if (!own) throw new Error('You have written nothing here lately.');
  await chat.api.mutate(EDIT, { input: { messageId: own.id, text, ...overBusy(chat) } });
}

/** A new version cannot wait for a run of the old one: it is refused, or ends it. */
const overBusy = ({ next: { whenBusy } }: InteractiveChat) => (whenBusy === 'ENQUEUE' ? {} : { whenBusy });

async function listVersions(chat: InteractiveChat, typed: string): Promise<void> {
  const versions = await versionsOf(chat, await messageOfVersions(chat, typed));
  const lines = versions.map(({ isShown, author, text }, index) => {
    const number = String(index + 1).padStart(3);
    return `${isShown ? '→' : ' '}${number}  ${printable(author.name)}: ${excerpt(text) || '(no words)'}`;
  });
  chat.say(lines.join('\n'));
}

async function goToVersion(chat: InteractiveChat, rest: string): Promise<void> {
  const [typed = '', place = ''] = rest.split(/\s+/);
  const number = readCount(typed, 'Say which version, as /branches counts them');
  const versions = await versionsOf(chat, await messageOfVersions(chat, place));
  const version = versions[number - 1];
  if (!version) throw new Error(`There are ${versions.length} versions: /branches lists them.`);
  if (version.isShown) chat.note('That is the version which is shown.');
  else await chat.api.mutate(SELECT, { input: { messageId: version.id } });
}

/** The message that is meant: the N-th last, or else the newest that has versions. */
async function messageOfVersions(chat: InteractiveChat, typed: string): Promise<RecentMessage> {
  if (typed !== '') return messageAt(chat.api, chat.roomId, typed);
  const messages = await recentMessages(chat.api, chat.roomId);
  const found = messages.find(({ siblingCount }) => siblingCount > 1);
  if (!found) throw new Error('There are no other versions here: /regenerate and /revise make some.');
  return found;
}

async function versionsOf(chat: InteractiveChat, { id }: RecentMessage): Promise<Version[]> {
  const { message } = await chat.api.query<{ message: { siblings: Version[] } | null }>(VERSIONS, { id });
  return message?.siblings ?? [];
}

export const VERSION: Theme = {
  title: 'Versions',
  commands: [
    { usage: '/regenerate [WHO]', does: 'have the newest reply made anew, maybe by another agent', run: regenerate },
    { usage: '/revise TEXT', does: 'put your last message in other words and have it answered', run: revise },
    { usage: '/branches [M]', does: 'the versions of a message, with numbers', run: listVersions },
    { usage: '/branch N [M]', does: 'go to one of them, and to what followed it', run: goToVersion },
  ],
};
