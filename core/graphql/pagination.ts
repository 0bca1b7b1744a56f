import { badInput } from '#core/error';
import type { PageInfo } from './page-info.ts';

/** Relay's arguments. Forward with `first` and `after`, backward with `last` and `before`. */
export interface PageArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** What to read: `limit` rows on the far side of `cursor`, walking the list's order or against it. */
export interface PageRequest<C> {
  direction: 'forward' | 'backward';
  limit: number;
  cursor: C | null;
}

export interface PageOptions<C> {
  /** When neither `first` nor `last` is given. */
  defaultSize?: number;
  /** More than this is refused. */
  maxSize?: number;
  /** Takes a cursor's content apart; null where it is not one of this list's. */
  parse: (content: string[]) => C | null;
}

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;

/** A cursor is opaque to clients: the sort key of its row. */
export const encodeCursor = (...parts: (string | number | bigint | Date)[]): string =>
  Buffer.from(JSON.stringify(parts.map((part) => (part instanceof Date ? part.toISOString() : String(part))))).toString(
    'base64url',
  );

/** The parts that `encodeCursor` was given, or null where the text is no cursor. */
export function decodeCursor(cursor: string): string[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : null;
  } catch {
    return null;
  }
}

const MOMENT_LENGTH = '2027-01-31T12:30:00.000Z'.length;

/**
 * A moment of a cursor as `encodeCursor` writes it, else null: other notations come from nobody's list, and reach years
 * that PostgreSQL does not know.
 */
export function readMoment(text: string | undefined): Date | null {
  const moment = new Date(text ?? '');
  const isWritten = moment.getTime() > 0 && text === moment.toISOString() && text.length === MOMENT_LENGTH;
  return isWritten ? moment : null;
}

/** @throws ParleyError `BAD_USER_INPUT` with the path of the argument that does not fit. */
export function readPage<C>(args: PageArgs, options: PageOptions<C>): PageRequest<C> {
  const { defaultSize = DEFAULT_PAGE_SIZE, maxSize = MAX_PAGE_SIZE, parse } = options;
  const backward = args.last != null || (args.before != null && args.first == null);
  if (args.first != null && args.last != null) throw badInput('last', 'Give either first or last.');
  const [sizeName, cursorName] = backward ? (['last', 'before'] as const) : (['first', 'after'] as const);
  const unused = backward ? 'after' : 'before';
  if (args[unused] != null) throw badInput(unused, `It does not go together with ${sizeName}.`);
  const limit = args[sizeName] ?? defaultSize;
  if (limit < 0 || limit > maxSize) throw badInput(sizeName, `It must be between 0 and ${maxSize}.`);
  const text = args[cursorName];
  if (text == null) return { direction: backward ? 'backward' : 'forward', limit, cursor: null };
  const content = decodeCursor(text);
  const cursor = content && parse(content);
  if (cursor == null) throw badInput(cursorName, 'It is not a cursor of this list.');
  return { direction: backward ? 'backward' : 'forward', limit, cursor };
}

/** A page as resolvers return it. `totalCount` runs only when the field is selected. */
export interface Page<T> {
  edges: { cursor: string; node: T }[];
  nodes: T[];
  pageInfo: PageInfo;
  totalCount: () => Promise<number>;
}

/**
 * Makes a page of `rows`, which must have been read with `limit + 1` in the direction of the request, nearest to the
 * cursor first.
 */
export function toPage<Row, Node>(
  request: PageRequest<unknown>,
  rows: Row[],
  options: { cursorOf: (row: Row) => string; present: (row: Row) => Node; totalCount: () => Promise<number> },
): Page<Node> {
  const more = rows.length > request.limit;
  const kept = rows.slice(0, request.limit);
  if (request.direction === 'backward') kept.reverse();
  const edges = kept.map((row) => ({ cursor: options.cursorOf(row), node: options.present(row) }));
  const forward = request.direction === 'forward';
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: forward ? more : request.cursor !== null,
      hasPreviousPage: forward ? request.cursor !== null : more,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: options.totalCount,
  };
}
