import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readMoment, readPage, toPage } from '#core/graphql/pagination';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import { can, type Viewer } from '#core/viewer';
import type { Message } from '#prisma/generated/client';
import { shownTexts } from '../rule/shown-text.ts';
import { type MessageSearchFilter, searchSchema } from './search.type.ts';
import { FOUND_END, FOUND_START, readSnippet, type SnippetPart } from './snippet.ts';

/** How far hits are counted. */
const MAX_COUNTED = 1_000;

/** How many of the newest that fit are compared by how well they do. */
const MAX_RANKED = 200;

/** How much an agent is shown of a message that rules have changed, in characters. */
const MAX_SHOWN = 500;

/** A message that was found. */
export interface Hit {
  message: Message;
  rank: number;
  snippet: SnippetPart[];
}

interface FoundRow {
  id: string;
  createdAt: Date;
  rank: number;
  snippet: string;
}

/** Finds messages by what is in them. */
export class SearchService {
  constructor(private readonly database: Database) {}

  /**
   * Messages that hold all words, the newest first, in rooms that the viewer may read: `"in this order"`, `this or that`,
   * `-without`; the last word may be the beginning of one.
   * @throws ParleyError `BAD_USER_INPUT` where there is nothing to search for.
   */
  async search(viewer: Viewer, query: string, filter: MessageSearchFilter, args: PageArgs): Promise<Page<Hit>> {
    const typed = validate(searchSchema, query, 'query');
    const request = readPage(args, {
      parse: ([time, id]) => {
        const at = readMoment(time);
        return at && isId(id) ? { at, id } : null;
      },
    });
    const { conversationId = null, authorId = null, after = null, before = null } = filter;
    const isPossible = [conversationId, authorId].every((id) => id === null || isId(id));
    const values = [
      typed,
      viewer.userId,
      can(viewer, 'conversations:read_all'),
      conversationId,
      authorId,
      after,
      before,
    ];
    const hits = isPossible
      ? await this.read([...values, request.cursor?.at, request.cursor?.id, request.limit + 1])
      : [];
    return toPage(request, hits, {
      cursorOf: ({ message }) => encodeCursor(message.createdAt, message.id),
      present: (hit) => hit,
      totalCount: async () => {
        if (!isPossible) return 0;
        const { rows } = await this.database.scopedPool.query<{ count: number }>(COUNT, [
          ...values,
          null,
          null,
          MAX_COUNTED,
        ]);
        return rows[0]?.count ?? 0;
      },
    });
  }

  /**
   * The same in one room, for who is at work there and may read it: the newest, or the best of the newest 200.
   * @throws ParleyError `BAD_USER_INPUT` where there is nothing to search for.
   */
  async searchRoom(conversationId: string, query: string, order: 'NEWEST' | 'BEST', limit: number): Promise<Hit[]> {
    const typed = validate(searchSchema, query, 'query');
    const values = [typed, null, true, conversationId, null, null, null, null, null];
    const hits = await (order === 'NEWEST'
      ? this.read([...values, limit])
      : this.read([...values, MAX_RANKED, limit], SEARCH_BEST));
    // It is read by agents: they are shown of a message what rules have left of it.
    const shown = await shownTexts(
      this.database,
      hits.map(({ message }) => message.id),
    );
    return hits.flatMap((hit) => {
      const text = shown.get(hit.message.id);
      if (text === undefined) return [hit];
      return text === null ? [] : [{ ...hit, snippet: [{ text: text.slice(0, MAX_SHOWN), isMatch: false }] }];
    });
  }

  private async read(values: unknown[], statement = SEARCH): Promise<Hit[]> {
    const { rows } = await this.database.scopedPool.query<FoundRow>(statement, values);
    const found = await this.database.scoped.message.findMany({ where: { id: { in: rows.map(({ id }) => id) } } });
    const byId = new Map(found.map((message) => [message.id, message]));
    return rows.flatMap(({ id, rank, snippet }) => {
      const message = byId.get(id);
      return message ? [{ message, rank, snippet: readSnippet(snippet) }] : [];
    });
  }
}

const FOUND = 'parley_search_messages(parley_search_query($1::text), $2, $3, $4, $5, $6, $7, $8, $9, $10)';

const RANK = 'ts_rank(parley_searchable(m.text), q.query)::float8';

const SNIPPET = `
  ts_headline('simple', translate(left(m.text, 100000), '${FOUND_START}${FOUND_END}', ''), q.query,
    'StartSel=${FOUND_START}, StopSel=${FOUND_END}, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "')`;

/** What costs more than finding is done for the page alone. */
const SEARCH = `
  SELECT m.id::text, ${RANK} AS rank, ${SNIPPET} AS snippet
  FROM parley_search_query($1::text) AS q (query), ${FOUND} AS f JOIN messages m ON m.id = f.id
  ORDER BY f.created_at DESC, f.id DESC`;

const SEARCH_BEST = `
  SELECT m.id::text, m.rank, ${SNIPPET} AS snippet
  FROM parley_search_query($1::text) AS q (query), LATERAL (
    SELECT m.id, m.text, m.created_at, ${RANK} AS rank FROM ${FOUND} AS f JOIN messages m ON m.id = f.id
    ORDER BY rank DESC, m.created_at DESC LIMIT $11
  ) AS m
  ORDER BY m.rank DESC, m.created_at DESC`;

const COUNT = `SELECT count(*)::int AS count FROM ${FOUND}`;
