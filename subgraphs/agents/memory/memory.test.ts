import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

let test: TestServer;
let owner: Person;
let member: Person;
let watcher: Person;
beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner();
  [member, watcher] = await Promise.all([test.seed.member(owner), test.seed.member(owner, 'VIEWER')]);
}, 60_000);

interface Revision {
  number: number;
  operation: string;
  value: string;
  author: { __typename: string; id: string; name: string };
}
interface Block {
  id: string;
  scope: string;
  label: string;
  description: string;
  value: string;
  characterLimit: number;
  readOnly: boolean;
  revision: number;
  agent: { id: string; name: string } | null;
  user: { id: string; name: string } | null;
  conversation: { id: string; title: string } | null;
  revisions: { totalCount: number; nodes: Revision[] };
}

const BLOCK = `id scope label description value characterLimit readOnly revision
  agent { id name } user { id name } conversation { id title }
  revisions(first: 100) { totalCount nodes {
    number operation value author { __typename ... on User { id name } ... on Agent { id name } } } }`;

const mutation = (field: string) =>
  `mutation ($input: ${field[0]?.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { memoryBlock { ${BLOCK} } } }`;

async function change(field: string, input: object, as = owner): Promise<Block> {
  const answer = await as.client.request<Record<string, { memoryBlock: Block }>>(mutation(field), { input });
  if (!answer[field]) throw new Error(`No ${field}.`);
  return answer[field].memoryBlock;
}

const create = (input: object = {}, as = owner) =>
  change('createMemoryBlock', { scope: 'ORG', label: `m-${newId()}`, ...input }, as);
const refused = (field: string, input: object, as = owner) => as.client.refusal(mutation(field), { input });

const find = async (id: string, as = owner): Promise<Block> =>
  (await as.client.request<{ memoryBlock: Block }>(`query ($id: ID!) { memoryBlock(id: $id) { ${BLOCK} } }`, { id }))
    .memoryBlock;
const isHidden = async (id: string, as: Person): Promise<boolean> => {
  const answer = await as.client.send<{ memoryBlock: null }>('query ($id: ID!) { memoryBlock(id: $id) { value } }', {
    id,
  });
  return answer.errors?.[0]?.extensions.code === 'NOT_FOUND' && !answer.text.includes('Secret');
};

const list = async (filter: object = {}, as = owner, page: object = { first: 100 }) => {
  const { memoryBlocks } = await as.client.request<{
    memoryBlocks: {
      totalCount: number;
      nodes: { id: string }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
  }>(
    `query ($first: Int, $after: String, $filter: MemoryFilter) { memoryBlocks(first: $first, after: $after, filter: $filter) {
      totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`,
    { ...page, filter },
  );
  return memoryBlocks;
};
const idsOf = async (filter: object = {}, as = owner) => (await list(filter, as)).nodes.map(({ id }) => id);

describe('a block', () => {
  it('is made with what its maker says, and tells who made it', async () => {
    const block = await create({ label: 'style', description: ' How we write. ', value: 'Be brief.', readOnly: true });
    expect(block).toMatchObject({
      scope: 'ORG',
      label: 'style',
      description: 'How we write.',
      value: 'Be brief.',
      characterLimit: 5_000,
      readOnly: true,
      revision: 1,
      agent: null,
      user: null,
      conversation: null,
      revisions: {
        totalCount: 1,
        nodes: [
          {
            number: 1,
            operation: 'CREATE',
            value: 'Be brief.',
            author: { __typename: 'User', id: owner.id, name: owner.name },
          },
        ],
      },
    });
    expect(await find(block.id, watcher)).toEqual(block);
  });

  it('belongs to an agent, a person or a room, who are joined', async () => {
    const agent = await test.seed.agent(owner, { name: 'Ada' });
    const room = await test.seed.room(owner, { title: 'Our room' });
    expect(await create({ scope: 'AGENT', agentId: agent.id })).toMatchObject({ agent: { id: agent.id, name: 'Ada' } });
    expect(await create({ scope: 'USER' }, member)).toMatchObject({ user: { id: member.id, name: member.name } });
    expect(await create({ scope: 'CONVERSATION', conversationId: room.id })).toMatchObject({
      conversation: { id: room.id, title: 'Our room' },
    });
  });

  it('has a label of its own, of each scope and subject', async () => {
    const label = `m-${newId()}`;
    const block = await create({ label });
    await create({ label, scope: 'USER' });
    await create({ label, scope: 'USER' }, member);
    const again = { scope: 'ORG', label };
    expect((await refused('createMemoryBlock', again)).extensions).toMatchObject({
      code: 'CONFLICT',
      fields: [{ path: 'input.label' }],
    });
    const other = await create();
    const rename = { blockId: other.id, expectedRevision: 1, label };
    expect((await refused('updateMemoryBlock', rename)).extensions.code).toBe('CONFLICT');
    expect(await change('updateMemoryBlock', { blockId: block.id, expectedRevision: 1, label })).toMatchObject({
      label,
    });
  });

  it.each<[object, string]>([
    [{ label: '1st' }, 'input.label'],
    [{ label: 'two words' }, 'input.label'],
    [{ label: `x${'y'.repeat(64)}` }, 'input.label'],
    [{ description: 'x'.repeat(501) }, 'input.description'],
    [{ value: 'x'.repeat(5_001) }, 'input.value'],
    [{ value: 'x'.repeat(20_001), characterLimit: 20_000 }, 'input.value'],
    [{ value: 'a\0b' }, 'input.value'],
    [{ value: 'x'.repeat(101), characterLimit: 100 }, 'input.value'],
    [{ characterLimit: 99 }, 'input.characterLimit'],
    [{ characterLimit: 20_001 }, 'input.characterLimit'],
    [{ scope: 'AGENT' }, 'input.agentId'],
    [{ scope: 'CONVERSATION' }, 'input.conversationId'],
    [{ scope: 'ORG', agentId: newId() }, 'input.agentId'],
    [{ scope: 'USER', conversationId: newId() }, 'input.conversationId'],
  ])('is refused at its place: %j', async (input, path) => {
    const { extensions } = await refused('createMemoryBlock', { scope: 'ORG', label: 'fine', ...input });
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
  });

  it('of what does not exist is refused', async () => {
    for (const input of [
      { scope: 'AGENT', agentId: newId() },
      { scope: 'AGENT', agentId: 'no-id' },
      { scope: 'CONVERSATION', conversationId: newId() },
    ]) {
      expect((await refused('createMemoryBlock', { label: 'fine', ...input })).extensions.code).toBe('NOT_FOUND');
    }
  });
});

describe('a change', () => {
  it('keeps what is not given, and every text that there was', async () => {
    const { id } = await create({ value: 'One', description: 'Numbers' });
    await change('updateMemoryBlock', { blockId: id, expectedRevision: 1, value: 'Two' }, member);
    const block = await change('updateMemoryBlock', { blockId: id, expectedRevision: 2, readOnly: true, value: null });
    expect(block).toMatchObject({ value: 'Two', description: 'Numbers', readOnly: true, revision: 3 });
    expect(
      block.revisions.nodes.map(({ number, operation, value, author }) => [number, operation, value, author.id]),
    ).toEqual([
      [3, 'CONFIGURE', 'Two', owner.id],
      [2, 'WRITE', 'Two', member.id],
      [1, 'CREATE', 'One', owner.id],
    ]);
  });

  it('of what somebody else has changed is a conflict that tells the present revision', async () => {
    const { id } = await create({ value: 'One' });
    const writes = await Promise.all(
      ['Two', 'Three', 'Four'].map((value) =>
        owner.client.send(mutation('updateMemoryBlock'), { input: { blockId: id, expectedRevision: 1, value } }),
      ),
    );
    const errors = writes.flatMap((answer) => answer.errors ?? []);
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error.extensions).toMatchObject({ code: 'CONFLICT', revision: 2 });
    expect((await find(id)).revisions.totalCount).toBe(2);
  });

  it('that makes the text longer than it may be is refused', async () => {
    const { id } = await create({ value: 'x'.repeat(150) });
    const shorter = { blockId: id, expectedRevision: 1, characterLimit: 100 };
    expect((await refused('updateMemoryBlock', shorter)).extensions).toMatchObject({
      fields: [{ path: 'input.characterLimit' }],
    });
    const longer = { blockId: id, text: 'x'.repeat(4_850) };
    expect((await refused('appendToMemoryBlock', longer)).extensions).toMatchObject({
      fields: [{ path: 'input.text' }],
    });
    expect((await find(id)).revision).toBe(1);
  });

  it('by twenty at once loses nothing', async () => {
    const { id } = await create();
    const lines = Array.from({ length: 20 }, (_, i) => `Line ${i}`);
    const writers = [owner, member];
    await Promise.all(
      lines.map((text, i) => change('appendToMemoryBlock', { blockId: id, text }, writers[i % 2] ?? owner)),
    );
    const block = await find(id);
    expect(block.value.split('\n').toSorted()).toEqual(lines.toSorted());
    expect(block.revisions.nodes.map(({ number }) => number)).toEqual(Array.from({ length: 21 }, (_, i) => 21 - i));
    // Each revision is the one before it and one line of its author.
    for (const [i, { value, author }] of block.revisions.nodes.entries()) {
      const before = block.revisions.nodes[i + 1]?.value;
      if (before === undefined) continue;
      const line = value.slice(before.length).trim();
      expect(value.startsWith(before)).toBe(true);
      expect(author.id).toBe(writers[lines.indexOf(line) % 2]?.id);
    }
  });
});

describe('a list', () => {
  it('is narrowed by scope, subject and text, and comes in pages', async () => {
    const theirs = await test.seed.owner();
    const agent = await test.seed.agent(theirs);
    const room = await test.seed.room(theirs);
    const shared = await create({ value: 'The 100% rule' }, theirs);
    const ofAgent = await create({ scope: 'AGENT', agentId: agent.id, description: 'A RULE of its own' }, theirs);
    const own = await create({ scope: 'USER' }, theirs);
    const ofRoom = await create({ scope: 'CONVERSATION', conversationId: room.id }, theirs);
    expect(await idsOf({}, theirs)).toEqual([own.id, ofAgent.id, shared.id]);
    expect(await idsOf({ scope: 'ORG' }, theirs)).toEqual([shared.id]);
    expect(await idsOf({ agentId: agent.id }, theirs)).toEqual([ofAgent.id]);
    expect(await idsOf({ agentId: newId() }, theirs)).toEqual([]);
    expect(await idsOf({ conversationId: room.id }, theirs)).toEqual([ofRoom.id]);
    expect(await idsOf({ search: 'rule' }, theirs)).toEqual([ofAgent.id, shared.id]);
    expect(await idsOf({ search: '0%' }, theirs)).toEqual([shared.id]);
    const first = await list({}, theirs, { first: 2 });
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    const second = await list({}, theirs, { first: 2, after: first.pageInfo.endCursor });
    expect(second.nodes.map(({ id }) => id)).toEqual([shared.id]);
  });

  it.each<[object, string]>([
    [{ scope: 'CONVERSATION' }, 'filter.conversationId'],
    [{ agentId: newId(), conversationId: newId() }, 'filter.conversationId'],
    [{ search: 'x'.repeat(201) }, 'filter.search'],
  ])('is refused: %j', async (filter, path) => {
    const query = 'query ($filter: MemoryFilter) { memoryBlocks(filter: $filter) { totalCount } }';
    const { extensions } = await owner.client.refusal(query, { filter });
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
  });

  it('of revisions comes in pages', async () => {
    const { id } = await create();
    for (const text of ['a', 'b', 'c']) await change('appendToMemoryBlock', { blockId: id, text });
    const query = `query ($id: ID!, $after: String) { memoryBlock(id: $id) { revisions(first: 2, after: $after) {
      nodes { number } pageInfo { endCursor } } } }`;
    type Page = { memoryBlock: { revisions: { nodes: { number: number }[]; pageInfo: { endCursor: string } } } };
    const first = (await owner.client.request<Page>(query, { id })).memoryBlock.revisions;
    expect(first.nodes.map(({ number }) => number)).toEqual([4, 3]);
    const second = await owner.client.request<Page>(query, { id, after: first.pageInfo.endCursor });
    expect(second.memoryBlock.revisions.nodes.map(({ number }) => number)).toEqual([2, 1]);
  });
});

describe('who sees what', () => {
  it('other organizations see nothing', async () => {
    const { id } = await create({ value: 'Secret' });
    const stranger = await test.seed.owner();
    expect(await isHidden(id, stranger)).toBe(true);
    expect(await idsOf({}, stranger)).toEqual([]);
    expect((await refused('appendToMemoryBlock', { blockId: id, text: 'x' }, stranger)).extensions.code).toBe(
      'NOT_FOUND',
    );
  });

  it('what is remembered of a person is theirs alone, and the owner’s neither', async () => {
    const { id } = await create({ scope: 'USER', value: 'Secret' }, member);
    expect(await isHidden(id, owner)).toBe(true);
    expect(await idsOf({ scope: 'USER' }, owner)).not.toContain(id);
    expect(await idsOf({ scope: 'USER' }, member)).toContain(id);
    const remove = 'mutation ($id: ID!) { deleteMemoryBlock(input: {blockId: $id}) { deletedMemoryBlockId } }';
    expect((await owner.client.refusal(remove, { id })).extensions.code).toBe('NOT_FOUND');
  });

  it('what is remembered in a room is for those who see the room', async () => {
    const room = await test.seed.room(member, { people: [] });
    const { id } = await create({ scope: 'CONVERSATION', conversationId: room.id, value: 'Secret' }, member);
    // An owner reads every conversation; another member only those that they take part in.
    const outsider = await test.seed.member(owner);
    expect((await find(id, owner)).value).toBe('Secret');
    expect(await isHidden(id, outsider)).toBe(true);
    expect((await refused('appendToMemoryBlock', { blockId: id, text: 'x' }, outsider)).extensions.code).toBe(
      'NOT_FOUND',
    );
    const query = 'query ($filter: MemoryFilter) { memoryBlocks(filter: $filter) { totalCount } }';
    expect((await outsider.client.refusal(query, { filter: { conversationId: room.id } })).extensions.code).toBe(
      'NOT_FOUND',
    );
  });
});

describe('forgetting', () => {
  const REMOVE = 'mutation ($id: ID!) { deleteMemoryBlock(input: {blockId: $id}) { deletedMemoryBlockId } }';
  const ERASE = 'mutation { eraseOwnMemory { erasedBlocks } }';
  const revisionsOf = async (blockId: string) =>
    (await test.pool().query('SELECT 1 FROM memory_revisions WHERE block_id = $1', [blockId])).rowCount;

  it('a block takes along what was in it', async () => {
    const { id } = await create({ value: 'Secret' });
    expect(await revisionsOf(id)).toBe(1);
    expect(await owner.client.request(REMOVE, { id })).toEqual({ deleteMemoryBlock: { deletedMemoryBlockId: id } });
    expect(await isHidden(id, owner)).toBe(true);
    expect(await revisionsOf(id)).toBe(0);
  });

  it('what is remembered of oneself is anybody’s right, also of whoever may only read', async () => {
    const person = await test.seed.member(owner);
    const [one, two] = [await create({ scope: 'USER' }, person), await create({ scope: 'USER' }, person)];
    const others = await create({ scope: 'USER' }, member);
    const { memberId } = await memberIdOf(person);
    await owner.client.request(
      'mutation ($id: ID!) { changeMemberRole(input: {memberId: $id, roleId: "VIEWER"}) { member { id } } }',
      { id: memberId },
    );
    expect((await refused('appendToMemoryBlock', { blockId: one.id, text: 'x' }, person)).extensions.code).toBe(
      'FORBIDDEN',
    );
    await person.client.request(REMOVE, { id: one.id });
    expect(await person.client.request(ERASE)).toEqual({ eraseOwnMemory: { erasedBlocks: 1 } });
    expect(await idsOf({ scope: 'USER' }, person)).toEqual([]);
    expect(await revisionsOf(two.id)).toBe(0);
    expect((await find(others.id, member)).revision).toBe(1);
  });

  it('of what is shared needs leave to write', async () => {
    const { id } = await create();
    expect((await watcher.client.refusal(REMOVE, { id })).extensions.code).toBe('FORBIDDEN');
    expect((await find(id)).revision).toBe(1);
  });

  it('comes by itself when a person leaves or is erased, or a room is deleted', async () => {
    const [person, erased] = [await test.seed.member(owner), await test.seed.member(owner)];
    const room = await test.seed.room(owner);
    const gone = [
      await create({ scope: 'USER' }, person),
      await create({ scope: 'USER' }, erased),
      await create({ scope: 'CONVERSATION', conversationId: room.id }),
    ];
    const stays = await create();
    await person.client.request('mutation { leaveOrganization { leftOrganizationId } }');
    await owner.client.request('mutation ($id: ID!) { erasePerson(input: {userId: $id}) { erasedUserId } }', {
      id: erased.id,
    });
    await owner.client.request(
      'mutation ($id: ID!) { deleteConversation(input: {conversationId: $id}) { deletedConversationId } }',
      { id: room.id },
    );
    await expect
      .poll(async () => Promise.all(gone.map(({ id }) => revisionsOf(id))), { timeout: 10_000 })
      .toEqual([0, 0, 0]);
    expect((await find(stays.id)).revision).toBe(1);
  });

  it('leaves the record of what is there as it is: nobody can rewrite it', async () => {
    const { id } = await create();
    for (const role of ['parley_app', 'parley_worker']) {
      const client = await test.pool().connect();
      try {
        await client.query(`SET ROLE ${role}`);
        await expect(client.query(`UPDATE memory_revisions SET value = 'x' WHERE block_id = $1`, [id])).rejects.toThrow(
          /permission denied/,
        );
        await expect(client.query('DELETE FROM memory_revisions WHERE block_id = $1', [id])).rejects.toThrow(
          /permission denied/,
        );
      } finally {
        await client.query('RESET ROLE');
        client.release();
      }
    }
  });

  async function memberIdOf({ id }: Person): Promise<{ memberId: string }> {
    const { organization } = await owner.client.request<{
      organization: { members: { nodes: { id: string; user: { id: string } }[] } };
    }>('{ organization { members(first: 100) { nodes { id user { id } } } } }');
    const found = organization.members.nodes.find(({ user }) => user.id === id);
    if (!found) throw new Error('There is no such member.');
    return { memberId: found.id };
  }
});
