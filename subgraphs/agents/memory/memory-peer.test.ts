import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { type Bench, type Caller, startBench } from '../agents.fixture.ts';

let bench: Bench;
let owner: Caller;
beforeAll(async () => {
  bench = await startBench();
  owner = bench.caller();
});
afterAll(() => bench.stop());

interface Block {
  id: string;
  scope: string;
  label: string;
  value: string;
  revision: number;
}
interface Place {
  agentId: string;
  userId: string | null;
  conversationId: string;
}

const placeOf = (part: Partial<Place> = {}): Place => ({
  agentId: newId(),
  userId: newId(),
  conversationId: newId(),
  ...part,
});

/** The worker: it may read what the reply needs, and has nothing to do with memory by itself. */
const workerOf = (caller: Caller) => bench.caller(['agents:read', 'conversations:read'], caller.viewer?.orgId);

const READ = `query ($agentId: ID!, $conversationId: ID!, $userId: ID, $labels: [String!]) {
  memoryForRun(agentId: $agentId, conversationId: $conversationId, userId: $userId, labels: $labels) {
    id scope label value revision } }`;
const WRITE = `mutation ($input: WriteMemoryForRunInput!) { writeMemoryForRun(input: $input) {
  revision characters block { id scope label value revision } } }`;

const read = async (place: Place, labels?: string[], as = workerOf(owner)): Promise<Block[]> =>
  (await as.ask<{ memoryForRun: Block[] }>(READ, { ...place, labels })).memoryForRun;

const inputOf = (place: Place, input: object) => ({
  input: { ...place, runId: newId(), idempotencyKey: newId(), scope: 'AGENT', label: 'notes', ...input },
});
const write = async (place: Place, input: object, as = workerOf(owner)) =>
  (
    await as.ask<{ writeMemoryForRun: { revision: number; characters: number; block: Block } }>(
      WRITE,
      inputOf(place, input),
    )
  ).writeMemoryForRun;
const refused = (place: Place, input: object) => workerOf(owner).refused(WRITE, inputOf(place, input));

const create = async (input: object, as = owner): Promise<string> => {
  const source =
    'mutation ($input: CreateMemoryBlockInput!) { createMemoryBlock(input: $input) { memoryBlock { id } } }';
  const { createMemoryBlock } = await as.ask<{ createMemoryBlock: { memoryBlock: { id: string } } }>(source, {
    input: { scope: 'ORG', label: `m-${newId()}`, ...input },
  });
  return createMemoryBlock.memoryBlock.id;
};
const APPEND = { operation: 'APPEND', text: 'Likes tea.' };

describe('what an agent has in mind', () => {
  it('is that of the organization, its own, the person’s and the room’s, and no other', async () => {
    const as = bench.caller();
    const worker = workerOf(as);
    const shared = await create({ label: 'shared' }, as);
    const place = placeOf();
    const other = placeOf();
    for (const scope of ['AGENT', 'USER', 'CONVERSATION']) {
      await write(place, { scope, ...APPEND }, worker);
      await write(other, { scope, ...APPEND }, worker);
    }
    const blocks = await read(place, undefined, worker);
    expect(blocks.map(({ scope, label }) => [scope, label])).toEqual([
      ['ORG', 'shared'],
      ['AGENT', 'notes'],
      ['USER', 'notes'],
      ['CONVERSATION', 'notes'],
    ]);
    expect(blocks[0]?.id).toBe(shared);
    expect((await read({ ...place, userId: null }, undefined, worker)).map(({ scope }) => scope)).not.toContain('USER');
    expect((await read(place, ['shared'], worker)).map(({ id }) => id)).toEqual([shared]);
    expect(await read(place, undefined, workerOf(bench.caller()))).toEqual([]);
  });

  it('is not for anonymous callers', async () => {
    expect(await bench.anonymous.refused(READ, placeOf())).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await bench.anonymous.refused(WRITE, inputOf(placeOf(), APPEND))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('what an agent writes', () => {
  it('makes the block where there is none, and says who wrote it, for whom and in what', async () => {
    const place = placeOf({ userId: owner.viewer?.userId ?? null });
    const agentId = (
      await owner.ask<{ createAgent: { agent: { id: string } } }>(
        'mutation { createAgent(input: {name: "Ada"}) { agent { id } } }',
      )
    ).createAgent.agent.id;
    const runId = newId();
    const made = await write({ ...place, agentId }, { scope: 'USER', label: 'tastes', runId, ...APPEND });
    expect(made).toMatchObject({ revision: 1, characters: 10, block: { scope: 'USER', value: 'Likes tea.' } });
    const source = `query ($id: ID!) { memoryBlock(id: $id) { revisions { nodes {
      operation author { ... on Agent { id name } } onBehalfOf { id } conversation { id } runId } } } }`;
    expect(await owner.ask(source, { id: made.block.id })).toEqual({
      memoryBlock: {
        revisions: {
          nodes: [
            {
              operation: 'CREATE',
              author: { id: agentId, name: 'Ada' },
              onBehalfOf: { id: place.userId },
              conversation: { id: place.conversationId },
              runId,
            },
          ],
        },
      },
    });
  });

  it('is written once for each key, also after a crash and twice at the same moment', async () => {
    const place = placeOf();
    const call = { idempotencyKey: newId(), ...APPEND };
    const answers = await Promise.all([write(place, call), write(place, call), write(place, call)]);
    await write(place, { operation: 'APPEND', text: 'And cake.' });
    answers.push(await write(place, call));
    expect(answers.map(({ revision, characters }) => [revision, characters])).toEqual(new Array(4).fill([1, 10]));
    expect(await read(place)).toMatchObject([{ value: 'Likes tea.\nAnd cake.', revision: 2 }]);
  });

  it('by twenty agents at once loses nothing', async () => {
    const label = `m-${newId()}`;
    const room = newId();
    const lines = Array.from({ length: 20 }, (_, i) => `Line ${i}`);
    await Promise.all(
      lines.map((text) =>
        write(placeOf({ conversationId: room }), { scope: 'CONVERSATION', label, operation: 'APPEND', text }),
      ),
    );
    const [block] = await read(placeOf({ conversationId: room }));
    expect(block?.value.split('\n').toSorted()).toEqual(lines.toSorted());
    expect(block?.revision).toBe(20);
  });

  it('replaces what is there once', async () => {
    const place = placeOf();
    await write(place, { operation: 'WRITE', text: 'Likes tea. Lives in Rome. Likes cats.' });
    expect(await write(place, { operation: 'REPLACE', oldText: 'Rome', text: '$& Oslo' })).toMatchObject({
      block: { value: 'Likes tea. Lives in $& Oslo. Likes cats.', revision: 2 },
    });
    expect(await refused(place, { operation: 'REPLACE', oldText: 'Rome', text: 'x' })).toMatchObject({
      code: 'CONFLICT',
    });
    expect(await refused(place, { operation: 'REPLACE', oldText: 'Likes', text: 'x' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('2 times'),
    });
    expect(await refused(place, { operation: 'REPLACE', text: 'x' })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('takes the place of everything only where the agent knows what that is', async () => {
    const place = placeOf();
    await write(place, { operation: 'WRITE', text: 'One' });
    expect(await refused(place, { operation: 'WRITE', text: 'Two' })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await refused(place, { operation: 'WRITE', text: 'Two', expectedRevision: 7 })).toMatchObject({
      code: 'CONFLICT',
      extensions: { revision: 1 },
    });
    expect(await write(place, { operation: 'WRITE', text: 'Two', expectedRevision: 1 })).toMatchObject({ revision: 2 });
    expect(await read(place)).toMatchObject([{ value: 'Two' }]);
  });

  it('reaches blocks of the organization that people have made, and that are not read-only', async () => {
    const label = `m-${newId()}`;
    const place = placeOf();
    expect(await refused(place, { scope: 'ORG', label, ...APPEND })).toMatchObject({ code: 'NOT_FOUND' });
    await create({ label });
    expect(await write(place, { scope: 'ORG', label, ...APPEND })).toMatchObject({ block: { value: 'Likes tea.' } });
    const fixed = `m-${newId()}`;
    await create({ label: fixed, readOnly: true });
    expect(await refused(place, { scope: 'ORG', label: fixed, ...APPEND })).toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each<[string, object, object, string]>([
    ['nobody to remember', { userId: null }, { scope: 'USER', ...APPEND }, 'BAD_USER_INPUT'],
    ['nothing to replace', {}, { operation: 'REPLACE', oldText: 'a', text: 'b' }, 'NOT_FOUND'],
    ['nothing to add', {}, { operation: 'APPEND', text: '' }, 'BAD_USER_INPUT'],
    ['a label that is none', {}, { label: 'two words', ...APPEND }, 'BAD_USER_INPUT'],
    ['an agent that is none', { agentId: 'no-id' }, APPEND, 'BAD_USER_INPUT'],
    ['too much', {}, { operation: 'WRITE', text: 'x'.repeat(5_001) }, 'BAD_USER_INPUT'],
    ['what cannot be stored', {}, { operation: 'WRITE', text: 'a\0' }, 'BAD_USER_INPUT'],
    ['what is no way to write', {}, { operation: 'CONFIGURE', text: 'a' }, 'BAD_USER_INPUT'],
  ])('is refused: %s', async (_, place, input, code) => {
    expect(await refused(placeOf(place), input)).toMatchObject({ code });
  });

  it('makes no more blocks than there may be', async () => {
    const place = placeOf();
    for (let i = 0; i < 50; i++) await write(place, { label: `m${i}`, ...APPEND });
    expect(await refused(place, { label: 'm50', ...APPEND })).toMatchObject({ code: 'CONFLICT' });
    expect(await write(place, { label: 'm49', ...APPEND })).toMatchObject({ revision: 2 });
  });
});

it('statements do not grow with the number of blocks', async () => {
  const as = bench.caller();
  for (let i = 0; i < 12; i++) await create({}, as);
  const source = `query ($first: Int) { memoryBlocks(first: $first) { nodes {
    value revisions(first: 2) { totalCount nodes { number } } } } }`;
  const few = await bench.countStatements(() => as.ask(source, { first: 1 }));
  const many = await bench.countStatements(() => as.ask(source, { first: 12 }));
  expect([few, many]).toEqual([2, 2]);
});

it('what is read is bounded: the texts of the last blocks are cut, and how long they are is told', async () => {
  const place = placeOf();
  const worker = workerOf(bench.caller());
  for (const [label, text] of [
    ['a', 'a'.repeat(40)],
    ['b', '🎈'.repeat(40)],
    ['c', 'c'.repeat(40)],
  ]) {
    await write(place, { label, operation: 'WRITE', text }, worker);
  }
  const query = `query ($agentId: ID!, $conversationId: ID!, $max: Int) {
    memoryForRun(agentId: $agentId, conversationId: $conversationId, maxCharacters: $max) { value characters } }`;
  const lengths = async (max: number | null) => {
    const { memoryForRun } = await worker.ask<{ memoryForRun: { value: string; characters: number }[] }>(query, {
      ...place,
      max,
    });
    return memoryForRun.map(({ value, characters }) => [[...value].length, characters]);
  };
  const whole = [40, 40];
  expect(await lengths(null)).toEqual([whole, whole, whole]);
  expect(await lengths(120)).toEqual([whole, whole, whole]);
  expect(await lengths(70)).toEqual([whole, [30, 40], [0, 40]]);
  expect(await lengths(0)).toEqual([
    [0, 40],
    [0, 40],
    [0, 40],
  ]);
});
