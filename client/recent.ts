import type { ChatApi } from './api.ts';
import { PARTICIPANT, type Participant } from './operation.ts';

/** A message as commands speak of it. */
export interface RecentMessage {
  id: string;
  text: string;
  author: Participant;
  /** How many versions of it there are. */
  siblingCount: number;
}

/** How far back commands reach. */
const REACH = 100;

const RECENT = `query Recent($id: ID!, $last: Int!) {
  conversation(id: $id) { messages(last: $last) { nodes { id text author { ...participant } siblingCount } } }
} ${PARTICIPANT}`;

interface RecentResult {
  conversation: { messages: { nodes: RecentMessage[] } } | null;
}

/** The last messages of a room as it is shown now, the newest first. */
export async function recentMessages(api: ChatApi, roomId: string): Promise<RecentMessage[]> {
  const { conversation } = await api.query<RecentResult>(RECENT, { id: roomId, last: REACH });
  return conversation?.messages.nodes.toReversed() ?? [];
}

/** The N-th last message, counted from 1, where `typed` is N. @throws Error with a sentence for the user */
export async function messageAt(api: ChatApi, roomId: string, typed: string): Promise<RecentMessage> {
  const messages = await recentMessages(api, roomId);
  if (messages.length === 0) throw new Error('Nothing has been written here yet.');
  const message = messages[readCount(typed, 'Messages are counted from the last one, which is 1') - 1];
  if (!message) throw new Error(`There are ${messages.length} messages to choose from, counted from the last one.`);
  return message;
}

/** A whole number from 1. @throws Error that says `rule` */
export function readCount(typed: string, rule: string): number {
  if (!/^[1-9]\d{0,5}$/.test(typed)) throw new Error(`${rule}: "${typed}" is no such number.`);
  return Number(typed);
}
