import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, type PageArgs, readPage, toPage } from './pagination.ts';

const parse = ([kind, id]: string[]) => (kind === 'n' && id && /^\d+$/.test(id) ? Number(id) : null);
const cursor = encodeCursor('n', 7);

describe('the arguments of a page', () => {
  it.each<[PageArgs, object]>([
    [{}, { direction: 'forward', limit: 20, cursor: null }],
    [{ first: 3 }, { direction: 'forward', limit: 3, cursor: null }],
    [{ first: 0 }, { direction: 'forward', limit: 0, cursor: null }],
    [
      { first: 100, after: cursor },
      { direction: 'forward', limit: 100, cursor: 7 },
    ],
    [{ last: 3 }, { direction: 'backward', limit: 3, cursor: null }],
    [
      { last: 3, before: cursor },
      { direction: 'backward', limit: 3, cursor: 7 },
    ],
    [{ before: cursor }, { direction: 'backward', limit: 20, cursor: 7 }],
    [
      { first: null, after: null, last: null, before: null },
      { direction: 'forward', limit: 20, cursor: null },
    ],
  ])('%j', (args, expected) => {
    expect(readPage(args, { parse })).toEqual(expected);
  });

  it.each<[PageArgs, string]>([
    [{ first: -1 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ last: 101 }, 'last'],
    [{ first: 1, last: 1 }, 'last'],
    [{ first: 1, before: cursor }, 'before'],
    [{ last: 1, after: cursor }, 'after'],
    [{ after: '' }, 'after'],
    [{ after: 'junk' }, 'after'],
    [{ after: encodeCursor('other', 7) }, 'after'],
    [{ after: encodeCursor('n', "7'; drop table") }, 'after'],
    [{ after: Buffer.from('{"n":7}').toString('base64url') }, 'after'],
    [{ after: Buffer.from('["n",{"id":7}]').toString('base64url') }, 'after'],
  ])('are refused at their place: %j', (args, path) => {
    expect(() => readPage(args, { parse })).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        extensions: expect.objectContaining({ fields: [expect.objectContaining({ path })] }),
      }),
    );
  });
});

describe('a cursor', () => {
  it('holds what it was made of', () => {
    const date = new Date('2027-01-31T12:30:00.123Z');
    expect(decodeCursor(encodeCursor('x', 1, 2n, date, 'ä'))).toEqual(['x', '1', '2', date.toISOString(), 'ä']);
  });
});

describe('a page', () => {
  const options = {
    cursorOf: (row: number) => encodeCursor('n', row),
    present: (row: number) => row * 10,
    totalCount: async () => 9,
  };
  it.each([
    ['forward with more to come', { direction: 'forward', limit: 2, cursor: null }, [1, 2, 3], [10, 20], [true, false]],
    ['forward at the end', { direction: 'forward', limit: 2, cursor: 1 }, [2, 3], [20, 30], [false, true]],
    ['backward with more before', { direction: 'backward', limit: 2, cursor: 9 }, [8, 7, 6], [70, 80], [true, true]],
    ['backward at the beginning', { direction: 'backward', limit: 5, cursor: null }, [2, 1], [10, 20], [false, false]],
    ['of nothing', { direction: 'forward', limit: 0, cursor: null }, [1], [], [true, false]],
  ] as const)('%s', (_, request, rows, nodes, [next, previous]) => {
    const page = toPage(request, [...rows], options);
    expect(page.nodes).toEqual(nodes);
    expect(page.pageInfo).toMatchObject({ hasNextPage: next, hasPreviousPage: previous });
    expect(page.pageInfo.startCursor).toBe(page.edges[0]?.cursor ?? null);
    expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor ?? null);
  });
});
