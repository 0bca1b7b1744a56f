import type { InteractiveChat } from '../interactive.ts';
import { findNamed } from '../named.ts';
import { PARTICIPANT, type Participant } from '../operation.ts';
import { type Presence, readPresence } from '../presence.ts';
import { printable } from '../style.ts';
import type { Theme } from './theme.ts';

const WHO = `query Who($id: ID!) { conversation(id: $id) { participants { ...participant } } } ${PARTICIPANT}`;

const MEMBERS = `query Members {
  viewer { organization { members(first: 100) { edges { node { user { id name } } } } } }
}`;

interface MembersResult {
  viewer: { organization: { members: { edges: { node: { user: { id: string; name: string } } }[] } } };
}

const ADD = 'mutation Invite($input: AddParticipantsInput!) { addParticipants(input: $input) { conversation { id } } }';
const REMOVE = 'mutation Remove($input: RemoveParticipantInput!) { removeParticipant(input: $input) { __typename } }';
const RENAME = `mutation Rename($input: UpdateConversationInput!) {
  updateConversation(input: $input) { conversation { id } }
}`;
const DELETE = 'mutation Delete($input: DeleteConversationInput!) { deleteConversation(input: $input) { __typename } }';

/** Who is in the room now. */
async function participantsOf(chat: InteractiveChat): Promise<Participant[]> {
  const { conversation } = await chat.api.query<{ conversation: { participants: Participant[] } }>(WHO, {
    id: chat.roomId,
  });
  return conversation.participants;
}

/** The agents that are in the room now. */
export const agentsHere = async (chat: InteractiveChat): Promise<Participant[]> =>
  (await participantsOf(chat)).filter(({ __typename }) => __typename === 'Agent');

async function who(chat: InteractiveChat): Promise<void> {
  const [participants, presence] = await Promise.all([participantsOf(chat), readPresence(chat.api, chat.roomId)]);
  const lines = participants.map((participant) => `  ${printable(participant.name)}${remark(participant, presence)}`);
  chat.say(lines.join('\n') || 'Nobody is here.');
}

function remark({ __typename, id }: Participant, presence: Presence | null): string {
  if (__typename === 'Agent') return ' (agent)';
  if (presence?.typing.includes(id)) return ' (typing)';
  return presence === null || presence.here.includes(id) ? '' : ' (away)';
}

/** Brings an agent or a person into the room. Of the same name, the agent comes. */
async function invite(chat: InteractiveChat, typed: string): Promise<void> {
  if (typed === '') throw new Error('Say whom: /invite WHO. /agents lists the agents.');
  const [agents, { viewer }] = await Promise.all([chat.api.agents(), chat.api.query<MembersResult>(MEMBERS, {})]);
  const people = viewer.organization.members.edges.map(({ node }) => node.user);
  const choices = [
    ...agents.map(({ id, name }) => ({ name, ids: { agentIds: [id] } })),
    ...people.map(({ id, name }) => ({ name, ids: { userIds: [id] } })),
  ];
  const { ids } = findNamed(choices, typed, 'agent or person');
  await chat.api.mutate(ADD, { input: { conversationId: chat.roomId, ...ids } });
}

async function remove(chat: InteractiveChat, typed: string): Promise<void> {
  if (typed === '') throw new Error('Say whom: /remove WHO. /leave takes yourself out.');
  const { id } = findNamed(await participantsOf(chat), typed, 'participant');
  if (id === chat.viewerId) throw new Error('That is you: /leave.');
  await chat.api.mutate(REMOVE, { input: { conversationId: chat.roomId, participantId: id } });
}

async function rename(chat: InteractiveChat, title: string): Promise<void> {
  await chat.api.mutate(RENAME, { input: { conversationId: chat.roomId, title: title || null } });
}

/** Takes no part in the room any more. */
async function leave(chat: InteractiveChat): Promise<void> {
  const input = { conversationId: chat.roomId, participantId: chat.viewerId };
  await chat.depart(() => chat.api.mutate(REMOVE, { input }));
}

async function deleteRoom(chat: InteractiveChat): Promise<void> {
  const input = { conversationId: chat.roomId };
  const answer = await chat.dialogue.ask('Everything in this room will be gone, for everybody. Type yes: ');
  if (answer !== 'yes') return chat.note('The room stays.');
  await chat.depart(() => chat.api.mutate(DELETE, { input }));
}

export const MEMBER: Theme = {
  title: 'This room',
  commands: [
    { usage: '/who', does: 'who is in it', run: who },
    { usage: '/invite WHO', does: 'bring an agent or a person into it', run: invite },
    { usage: '/remove WHO', does: 'take an agent or a person out of it', run: remove },
    { usage: '/rename [TITLE]', does: 'call it otherwise, or nothing', run: rename },
    { usage: '/leave', does: 'take no part in it any more', run: leave },
    { usage: '/delete', does: 'delete it with everything in it, after a question', run: deleteRoom },
  ],
};
