import type { InteractiveChat } from '../interactive.ts';
import { localTime } from '../moment.ts';
import { printable } from '../style.ts';
import type { Entry } from './theme.ts';

const SUMMARIES = `query Summaries($id: ID!) {
  conversation(id: $id) { summaries(first: 20) { nodes { agent { id name } text messageCount createdAt } } }
}`;

interface Summary {
  agent: { id: string; name: string };
  text: string;
  messageCount: number;
  createdAt: string;
}

/** What each agent is told in place of the older messages: its newest summary. */
async function summaries(chat: InteractiveChat): Promise<void> {
  const { conversation } = await chat.api.query<{ conversation: { summaries: { nodes: Summary[] } } }>(SUMMARIES, {
    id: chat.roomId,
  });
  const { nodes } = conversation.summaries;
  const newest = nodes.filter(({ agent }, index) => nodes.findIndex((other) => other.agent.id === agent.id) === index);
  const told = newest.map(({ agent, text, messageCount, createdAt }) => {
    const title = `${printable(agent.name)}, of ${messageCount} messages, ${localTime(createdAt)}`;
    return `${chat.paint('bold', title)}\n${printable(text)}`;
  });
  chat.say(told.join('\n') || 'Agents are still told every message of this room.');
}

export const SUMMARY_ENTRY: Entry = {
  usage: '/summaries',
  does: 'what agents are told in place of older messages',
  run: summaries,
};
