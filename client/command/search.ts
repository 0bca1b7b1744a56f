import type { InteractiveChat } from '../interactive.ts';
import { localTime } from '../moment.ts';
import { PARTICIPANT, type RoomSummary } from '../operation.ts';
import { roomName } from '../room-choice.ts';
import { printable } from '../style.ts';
import type { Entry } from './theme.ts';

/** How many messages are shown of those that were found. */
const SHOWN = 10;

const SEARCH = `query Search($query: String!, $first: Int!) {
  searchMessages(query: $query, first: $first) {
    edges {
      node { createdAt author { ...participant } conversation { id title participants { ...participant } } }
      snippet { text isMatch }
    }
    pageInfo { hasNextPage }
  }
} ${PARTICIPANT}`;

interface Found {
  node: { createdAt: string; author: { name: string }; conversation: RoomSummary };
  snippet: { text: string; isMatch: boolean }[];
}

interface SearchResult {
  searchMessages: { edges: Found[]; pageInfo: { hasNextPage: boolean } };
}

/** Looks for words in all rooms. */
async function search(chat: InteractiveChat, words: string): Promise<void> {
  if (words === '') throw new Error('Say what to look for: /search WORDS, "words in order", this or that, -without.');
  const { searchMessages } = await chat.api.query<SearchResult>(SEARCH, { query: words, first: SHOWN });
  const lines = searchMessages.edges.map(({ node, snippet }) => {
    const around = snippet.map(({ text, isMatch }) => {
      const piece = printable(text).replace(/\s+/g, ' ');
      return isMatch ? chat.paint('bold', piece) : piece;
    });
    const place = `${localTime(node.createdAt)}  ${roomName(node.conversation)}`;
    return `  ${place}  ${printable(node.author.name)}: ${around.join('').trim()}`;
  });
  if (searchMessages.pageInfo.hasNextPage) lines.push('  There are more: use more words.');
  chat.say(lines.join('\n') || 'Nothing was found.');
}

export const SEARCH_ENTRY: Entry = {
  usage: '/search WORDS',
  does: 'messages with these words, in all rooms',
  run: search,
};
