import type { InteractiveChat } from '../interactive.ts';
import { findNamed, names } from '../named.ts';
import { PARTICIPANT, type Participant, TAKEOVER, type Takeover } from '../operation.ts';
import { printable } from '../style.ts';
import type { Theme } from './theme.ts';

const LOOK = `query Silenced($id: ID!) {
  conversation(id: $id) { participants { ...participant } takeovers { ...takeover } }
} ${PARTICIPANT} ${TAKEOVER}`;

interface LookResult {
  conversation: { participants: Participant[]; takeovers: Takeover[] };
}

const TAKE_OVER = `mutation TakeOver($input: TakeOverConversationInput!) {
  takeOverConversation(input: $input) { takeover { ...takeover } }
} ${TAKEOVER}`;

const HAND_BACK = `mutation HandBack($input: HandBackConversationInput!) {
  handBackConversation(input: $input) { run { id } }
}`;

interface HandBackResult {
  handBackConversation: { run: { id: string } | null };
}

/** Speaks for an agent from now on, or for all of the room. What they are at is stopped. */
async function takeOver(chat: InteractiveChat, typed: string): Promise<void> {
  const { participants, takeovers } = await look(chat);
  const agent = typed === '' ? null : findAgent(participants, typed);
  const earlier = takeovers.find((takeover) => (takeover.agent?.id ?? null) === (agent?.id ?? null));
  if (earlier?.by.id === chat.viewerId) throw new Error('You have taken over already: /handback ends it.');
  await chat.api.mutate(TAKE_OVER, { input: { conversationId: chat.roomId, ...(agent && { agentId: agent.id }) } });
}

/** Lets agents answer again. @param answer whether the last message is to be answered now */
async function handBack(chat: InteractiveChat, typed: string, answer: boolean): Promise<void> {
  const { participants, takeovers } = await look(chat);
  const { agent } = pick(participants, takeovers, typed);
  const input = { conversationId: chat.roomId, answer, ...(agent && { agentId: agent.id }) };
  const { handBackConversation } = await chat.api.mutate<HandBackResult>(HAND_BACK, { input });
  if (answer && !handBackConversation.run) chat.note('There is nothing to be answered.');
}

/** What is meant: the one of this agent, that of all agents, or the only one that there is. */
function pick(participants: Participant[], takeovers: Takeover[], typed: string): Takeover {
  if (typed !== '') {
    const agent = findAgent(participants, typed);
    const found = takeovers.find((takeover) => takeover.agent?.id === agent.id);
    if (found) return found;
    throw new Error(`Nobody speaks for ${printable(agent.name)} alone.`);
  }
  const found = takeovers.find(({ agent }) => agent === null) ?? takeovers[0];
  if (!found) throw new Error('Nobody has taken over here.');
  if (found.agent === null || takeovers.length === 1) return found;
  throw new Error(`Say who is to answer again: ${names(takeovers.flatMap(({ agent }) => agent ?? []))}.`);
}

async function look(chat: InteractiveChat): Promise<LookResult['conversation']> {
  return (await chat.api.query<LookResult>(LOOK, { id: chat.roomId })).conversation;
}

const findAgent = (participants: Participant[], typed: string): Participant =>
  findNamed(
    participants.filter(({ __typename }) => __typename === 'Agent'),
    typed,
    'agent',
  );

export const SPEAKING: Theme = {
  title: 'Speaking for agents',
  commands: [
    { usage: '/takeover [WHO]', does: 'speak for an agent, or for all that are here', run: takeOver },
    { usage: '/handback [WHO]', does: 'let them answer again', run: (chat, rest) => handBack(chat, rest, false) },
    {
      usage: '/answer [WHO]',
      does: 'the same, and the last message now',
      run: (chat, rest) => handBack(chat, rest, true),
    },
  ],
};
