import type { ChatApi } from './api.ts';
import type { Agent, ListedRoom, RoomSummary } from './operation.ts';
import { printable } from './style.ts';

/** How the user is shown something and asked. */
export interface Dialogue {
  say(line: string): void;
  ask(question: string): Promise<string>;
}

/** The room of this id or title; titles need not be whole. */
export function findRoom(rooms: RoomSummary[], wanted: string): RoomSummary | undefined {
  const title = wanted.toLowerCase();
  return (
    rooms.find((room) => room.id === wanted) ??
    rooms.find((room) => room.title?.toLowerCase() === title) ??
    rooms.find((room) => room.title?.toLowerCase().includes(title))
  );
}

export const roomName = ({ title, participants }: RoomSummary): string =>
  printable(title ?? (participants.map(({ name }) => name).join(', ') || 'Untitled room'));

const agentNames = ({ participants }: RoomSummary): string =>
  participants
    .filter(({ __typename }) => __typename === 'Agent')
    .map(({ name }) => printable(name))
    .join(', ');

const unread = ({ unreadCount }: ListedRoom): string => (unreadCount > 0 ? `  (${unreadCount} new)` : '');

/** Lets the user pick a room or make one. */
export async function chooseRoom(api: ChatApi, { say, ask }: Dialogue): Promise<RoomSummary> {
  const rooms = await api.rooms();
  if (rooms.length === 0) return makeRoom(api, { say, ask });
  for (const [index, room] of rooms.entries())
    say(`${String(index + 1).padStart(3)}  ${roomName(room)}  ${agentNames(room)}${unread(room)}`);
  for (;;) {
    const answer = await ask('Room (number or title, n for a new one) [1]: ');
    if (answer.toLowerCase() === 'n') return makeRoom(api, { say, ask });
    const room = rooms[Number(answer || '1') - 1] ?? (answer ? findRoom(rooms, answer) : undefined);
    if (room) return room;
    say('There is no such room.');
  }
}

/** Makes a room with agents that the user picks. */
export async function makeRoom(api: ChatApi, { say, ask }: Dialogue): Promise<RoomSummary> {
  const title = await ask('Title of the new room: ');
  const agents = await api.agents();
  for (const [index, agent] of agents.entries()) say(agentLine(agent, index));
  for (;;) {
    const answer = await ask('Agents (numbers, apart by commas) [1]: ');
    const numbers = (answer || '1').split(/[\s,]+/).filter(Boolean);
    const chosen = numbers.map((number) => agents[Number(number) - 1]);
    if (agents.length === 0) return api.createRoom(title, []);
    if (chosen.every((agent) => agent !== undefined))
      return api.createRoom(
        title,
        chosen.map(({ id }) => id),
      );
    say('Choose among the numbers above.');
  }
}

export const agentLine = ({ name, description }: Agent, index: number): string =>
  `${String(index + 1).padStart(3)}  ${printable(name)}${description ? `  ${printable(description)}` : ''}`;
