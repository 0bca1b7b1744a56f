import { ParleyError } from '#core/error';
import { type Tool, ToolError } from '#core/tool/tool.port';
import type { Viewer } from '#core/viewer';
import type { PeerDirectory } from '../../peer-directory.ts';
import type { Hit, SearchService } from '../../search/search.service.ts';

const MAX_RESULTS = 20;

/** Finds what was said in the room of the call, and nowhere else. */
export const searchConversation = (
  searches: Pick<SearchService, 'searchRoom'>,
  directory: Pick<PeerDirectory, 'users' | 'agentNames'>,
): Tool => ({
  name: 'search_conversation',
  title: 'Search the conversation',
  description:
    'Finds messages of this conversation by their words, also those that were written too long ago for you to have seen ' +
    'them. All words have to be in a message: "in this order", this or that, -without; the last may be the beginning of one.',
  parameters: {
    type: 'object',
    properties: {
      query: { type: 'string', minLength: 1, maxLength: 200 },
      order: { type: 'string', enum: ['newest', 'best'], description: 'What comes first. Left out: best.' },
      limit: { type: 'integer', minimum: 1, maximum: MAX_RESULTS, description: 'Left out: 10.' },
    },
    required: ['query'],
    additionalProperties: false,
  },
  effect: 'NONE',
  timeoutMs: 10_000,
  maxResultCharacters: 20_000,
  async run({ query, order = 'best', limit = 10 }, { viewer, conversationId }) {
    const size = Number(limit);
    const by = order === 'newest' ? 'NEWEST' : 'BEST';
    const hits = await find(() => searches.searchRoom(conversationId, String(query), by, size + 1));
    const names = await namesOf(hits, viewer, directory);
    return {
      results: hits.slice(0, size).map(({ message: { id, createdAt, authorId }, snippet }) => ({
        messageId: id,
        at: createdAt.toISOString(),
        author: names.get(authorId) ?? 'somebody who is no longer here',
        snippet: snippet.map(({ text }) => text).join(''),
      })),
      ...(hits.length > size && { note: 'There is more: search for more words, or raise the limit.' }),
    };
  },
});

async function find(search: () => Promise<Hit[]>): Promise<Hit[]> {
  try {
    return await search();
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'BAD_USER_INPUT') throw error;
    throw new ToolError('INVALID_ARGUMENTS', error.message);
  }
}

async function namesOf(
  hits: readonly Hit[],
  viewer: Viewer,
  directory: Pick<PeerDirectory, 'users' | 'agentNames'>,
): Promise<Map<string, string>> {
  const idsOf = (kind: Hit['message']['authorKind']) => [
    ...new Set(hits.flatMap(({ message }) => (message.authorKind === kind ? message.authorId : []))),
  ];
  const named = await Promise.all([
    directory.users(viewer, idsOf('USER')),
    directory.agentNames(viewer, idsOf('AGENT')),
  ]);
  return new Map(named.flat().map(({ id, name }) => [id, name]));
}
