import { encodeCursor, type PageArgs, type PageRequest, readMoment, readPage } from '#core/graphql/pagination';
import { isId } from '#core/id';

interface Created {
  createdAt: Date;
  id: string;
}

/** Past the cursor, in the order of the list, with the id where two were made in the same millisecond. */
type Beyond = { createdAt: { gt: Date } | { lt: Date } } | { createdAt: Date; id: { gt: string } | { lt: string } };

export interface CreatedPage {
  request: PageRequest<Created>;
  /** To be spread into the query: one row more than the page holds, which says whether there are further ones. */
  take: number;
  orderBy: ({ createdAt: 'asc' | 'desc' } | { id: 'asc' | 'desc' })[];
  /** To be put into the query's `where`. */
  beyond: { OR?: Beyond[] };
}

/** Reads the arguments of a list that is sorted by the time its rows were made. */
export function readCreatedPage(args: PageArgs, order: 'asc' | 'desc'): CreatedPage {
  const request = readPage<Created>(args, { parse: parseCursor });
  return {
    request,
    take: request.limit + 1,
    orderBy: [{ createdAt: order }, { id: order }],
    beyond: request.cursor ? { OR: past(request.cursor, order) } : {},
  };
}

export const createdCursor = (row: Created): string => encodeCursor(row.createdAt, row.id);

function past({ createdAt, id }: Created, order: 'asc' | 'desc'): Beyond[] {
  return order === 'asc'
    ? [{ createdAt: { gt: createdAt } }, { createdAt, id: { gt: id } }]
    : [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }];
}

function parseCursor([time, id, ...rest]: string[]): Created | null {
  const createdAt = readMoment(time);
  return createdAt && isId(id) && rest.length === 0 ? { createdAt, id } : null;
}
