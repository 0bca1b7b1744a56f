import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { sendMessage } from '#test/support/room-call';
import { RoomReader } from '#test/support/room-reader';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

interface Found {
  nodes: { id: string; text: string }[];
  edges: { cursor: string; rank: number; snippet: { text: string; isMatch: boolean }[]; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  totalCount: number;
}

const SEARCH = `query ($query: String!, $filter: MessageSearchFilter, $first: Int, $after: String) {
  searchMessages(query: $query, filter: $filter, first: $first, after: $after) {
    nodes { id text }
    edges { cursor rank snippet { text isMatch } node { id author { ... on User { name } ... on Agent { name } } } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}`;

describe('search', { timeout: 60_000 }, () => {
  let test: TestServer;
  let olga: Person;
  let max: Person;
  let admin: Person;
  let stranger: Person;
  let roomId: string;

  const search = async (person: Person, query: string, more: Record<string, unknown> = {}) =>
    (await person.client.request<{ searchMessages: Found }>(SEARCH, { query, ...more })).searchMessages;
  const texts = async (person: Person, query: string, more: Record<string, unknown> = {}) =>
    (await search(person, query, more)).nodes.map(({ text }) => text);
  const write = async (person: Person, room: string, text: string) =>
    (await sendMessage(person.client, room, text)).message.id;

  beforeAll(async () => {
    test = await startTestServer();
    [olga, stranger] = await Promise.all([test.seed.owner('Olga'), test.seed.owner('Stranger')]);
    [max, admin] = await Promise.all([
      test.seed.member(olga, 'MEMBER', 'Max'),
      test.seed.member(olga, 'ADMIN', 'Alma'),
    ]);
    roomId = (await test.seed.room(olga, { people: [max] })).id;
    for (const text of [
      'The quick brown fox',
      'A lazy brown dog',
      'Brown paper, quick deal',
      'Rot und Größe: Straße',
    ]) {
      await write(olga, roomId, text);
    }
    await write(max, roomId, 'no colours here, <b>quick</b> & easy');
  }, 120_000);

  it.each([
    ['brown', ['Brown paper, quick deal', 'A lazy brown dog', 'The quick brown fox']],
    ['quick brown', ['Brown paper, quick deal', 'The quick brown fox']],
    ['"quick brown"', ['The quick brown fox']],
    ['brown -quick', ['A lazy brown dog']],
    ['lazy or fox', ['A lazy brown dog', 'The quick brown fox']],
    ['BRO', ['Brown paper, quick deal', 'A lazy brown dog', 'The quick brown fox']],
    ['quick br', ['Brown paper, quick deal', 'The quick brown fox']],
    ['br quick', []],
    ['"bro"', []],
    ['bro ', []],
    ['brown -qui', ['Brown paper, quick deal', 'A lazy brown dog', 'The quick brown fox']],
    ['größe', ['Rot und Größe: Straße']],
    ['zebra', []],
    ['!!! ???', []],
  ])('finds by %s', async (query, expected) => {
    expect(await texts(max, query, { filter: { conversationId: roomId } })).toEqual(expected);
  });

  it('shows what it found in its place, as plain text', async () => {
    const { edges } = await search(olga, 'easy qui');
    expect(edges[0]?.snippet).toMatchObject([
      { text: expect.stringContaining('colours here'), isMatch: false },
      { text: 'quick', isMatch: true },
      { text: expect.stringContaining('&'), isMatch: false },
      { text: 'easy', isMatch: true },
    ]);
    expect(edges[0]?.rank).toBeGreaterThan(0);
    const [first] = (await search(olga, 'brown', { filter: { authorId: olga.id } })).edges;
    expect(first).toMatchObject({ node: { author: { name: 'Olga' } } });
  });

  it('pages from the newest back, each message once', async () => {
    const { id } = await test.seed.room(olga);
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push(await write(olga, id, `needle ${n}`));
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 4; page++) {
      const found: Found = await search(olga, 'needle', { first: 2, after });
      expect(found.totalCount).toBe(7);
      seen.push(...found.nodes.map((node) => node.id));
      expect(found.pageInfo.hasNextPage).toBe(page < 3);
      after = found.pageInfo.endCursor;
    }
    expect(seen).toEqual(ids.reverse());
  });

  it('is narrowed by room, author and time', async () => {
    const { id } = await test.seed.room(olga, { people: [max] });
    const began = new Date().toISOString();
    await write(olga, id, 'narrow one');
    await write(max, id, 'narrow two');
    await write(olga, roomId, 'narrow three');
    const by = (filter: object) => texts(olga, 'narrow', { filter });
    expect(await by({ conversationId: id })).toEqual(['narrow two', 'narrow one']);
    expect(await by({ authorId: max.id })).toEqual(['narrow two']);
    expect(await by({ after: began })).toHaveLength(3);
    expect(await by({ before: began })).toEqual([]);
    expect(await by({ before: '0001-01-01T00:00:00Z' })).toEqual([]);
    expect(await by({ after: '9999-12-31T23:59:59Z' })).toEqual([]);
    for (const id of [newId(), 'x', "'"]) {
      expect(await by({ conversationId: id })).toEqual([]);
      expect((await search(olga, 'narrow', { filter: { authorId: id } })).totalCount).toBe(0);
    }
  });

  it('finds replies of agents once they are complete', async () => {
    const agent = await test.seed.agent(olga, { name: 'Ada' });
    const { id, cursor } = await test.seed.room(olga, { agents: [agent] });
    const reader = new RoomReader(olga.client, id, cursor);
    await sendMessage(olga.client, id, 'What is a narwhal');
    const { message } = await reader.until(({ __typename }) => __typename === 'MessageCompleted');
    await reader.close();
    const word = /\p{L}{5,}/u.exec(message?.text ?? '')?.[0] ?? '';
    const found = await search(olga, word, { filter: { conversationId: id, authorId: agent.id } });
    expect(found.nodes).toEqual([{ id: message?.id, text: message?.text }]);
  });

  it('finds nothing in rooms that one is not in, unless one may read all, and nothing once one has left', async () => {
    const { id } = await test.seed.room(olga);
    await write(olga, id, 'a secret plan');
    expect(await texts(max, 'secret')).toEqual([]);
    expect((await search(max, 'secret')).totalCount).toBe(0);
    expect(await texts(admin, 'secret')).toEqual(['a secret plan']);
    const change = (field: string, input: object) =>
      olga.client.request(
        `mutation ($input: ${field[0]?.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { __typename } }`,
        {
          input: { conversationId: id, ...input },
        },
      );
    await change('addParticipants', { userIds: [max.id] });
    expect(await texts(max, 'secret')).toEqual(['a secret plan']);
    await change('removeParticipant', { participantId: max.id });
    expect(await texts(max, 'secret')).toEqual([]);
    await change('deleteConversation', {});
    expect(await texts(admin, 'secret')).toEqual([]);
  });

  it('never finds a message of another organization, whatever is asked', async () => {
    const words = ['alpha', 'beta', 'gamma', 'delta'];
    const theirs = await test.seed.room(stranger);
    const ours = await test.seed.room(olga);
    for (const word of words) {
      await write(stranger, theirs.id, `${word} of the stranger`);
      await write(olga, ours.id, `${word} of Olga`);
    }
    const term = fc
      .tuple(fc.constantFrom('', '-', '"'), fc.constantFrom(...words, 'of', 'str'))
      .map((parts) => parts.join(''));
    const filter = fc.constantFrom({}, { conversationId: theirs.id }, { authorId: stranger.id }, { authorId: olga.id });
    await fc.assert(
      fc.asyncProperty(fc.array(term, { minLength: 1, maxLength: 4 }), filter, async (terms, where) => {
        const [a, b] = await Promise.all([
          search(olga, terms.join(' '), { filter: where, first: 100 }),
          search(stranger, terms.join(' or '), { filter: where, first: 100 }),
        ]);
        expect(a.nodes.filter(({ text }) => text.includes('stranger'))).toEqual([]);
        expect(b.nodes.filter(({ text }) => !text.includes('stranger'))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('takes whatever is typed without failing', async () => {
    const odd = [
      "'",
      "''",
      '\\',
      ':*',
      '!',
      '&',
      '|',
      '<->',
      '(',
      '((',
      '"',
      '-',
      '--',
      'a:*',
      "'a':b",
      '%',
      'a\\',
      '😀',
      '\ud800',
      '\ue000x\ue001',
    ];
    for (const query of odd) expect(await search(olga, query)).toBeDefined();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), async (query) => {
        const { errors } = await olga.client.send(SEARCH, { query });
        for (const { extensions } of errors ?? []) expect(extensions.code).toBe('BAD_USER_INPUT');
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['', {}, 'query'],
    ['   ', {}, 'query'],
    ['x'.repeat(201), {}, 'query'],
    ['a\0b', {}, 'query'],
    ['a', { first: 101 }, 'first'],
    ['a', { first: -1 }, 'first'],
    ['a', { after: 'x' }, 'after'],
  ])('refuses %j with %j', async (query, more, path) => {
    const refused = await olga.client.refusal(SEARCH, { query, ...more });
    expect(refused.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
  });

  it('stores texts of any length, and finds what stands at their beginning', async () => {
    const { id } = await test.seed.room(olga);
    const long = Array.from({ length: 14_000 }, (_, n) => `w${n}`)
      .join(' ')
      .slice(0, 100_000);
    await write(olga, id, long);
    expect((await search(olga, 'w777')).nodes).toHaveLength(1);
    await write(olga, id, 'x'.repeat(100_000));
    await write(olga, id, '字'.repeat(100_000));
  });

  it('reads the index and not the messages, also within the function that crosses the first wall', async () => {
    const { id } = await test.seed.room(olga);
    const session = await test.pool().connect();
    const notices: string[] = [];
    session.on('notice', ({ message }) => notices.push(message ?? ''));
    try {
      await session.query(
        `insert into messages (id, org_id, conversation_id, position, author_kind, author_id, status, text, parts)
         select gen_random_uuid(), $1, $2, n, 'USER', $3, 'COMPLETE', 'filler number ' || n, '[]'
         from generate_series(1, 20000) n`,
        [olga.orgId, id, olga.id],
      );
      await session.query('analyze messages');
      await session.query("load 'auto_explain'");
      for (const setting of ['log_min_duration = 0', 'log_nested_statements = on', "log_level = 'notice'"]) {
        await session.query(`set auto_explain.${setting}`);
      }
      await session.query("select set_config('app.org_id', $1, false)", [olga.orgId]);
      await session.query('set role parley_app');
      const { rows } = await session.query(
        `select * from parley_search_messages(parley_search_query('filler 77'), $1, false, null, null, null, null, null, null, 100)`,
        [olga.id],
      );
      expect(rows.length).toBe(100);
      expect(notices.join('\n')).toContain('Bitmap Index Scan on messages_search');
    } finally {
      session.release(true);
    }
  });
});
