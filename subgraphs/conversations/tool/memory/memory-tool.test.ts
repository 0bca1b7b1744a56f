import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import type { JsonObject } from '#core/model/model.port';
import { sendMessage } from '#test/support/room-call';
import type { Person, SeededAgent } from '#test/support/seed';
import { type StepAnswer, type TeamRoom, TeamStage } from '../../orchestration/team.fixture.ts';

const CREATE = 'mutation ($input: CreateMemoryBlockInput!) { createMemoryBlock(input: $input) { memoryBlock { id } } }';
const LIST = `query ($filter: MemoryFilter) { memoryBlocks(filter: $filter, first: 20) { nodes {
  id scope label value revision
  revisions { nodes { operation author { ... on Agent { name } } onBehalfOf { id } conversation { id } runId } } } } }`;

interface Listed {
  id: string;
  scope: string;
  label: string;
  value: string;
  revision: number;
  revisions: { nodes: Record<string, unknown>[] };
}

describe('memory', { timeout: 60_000 }, () => {
  let stage: TeamStage;
  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);
  afterAll(() => stage?.close());

  const TOOLS = [{ name: 'memory_read' }, { name: 'memory_write' }];
  const nameOf = () => `Mem${newId().slice(-8)}`;
  const create = (input: object, person: Person = stage.owner) => person.client.request(CREATE, { input });
  const listed = async (filter: object, person: Person = stage.owner): Promise<Listed[]> =>
    (await person.client.request<{ memoryBlocks: { nodes: Listed[] } }>(LIST, { filter })).memoryBlocks.nodes;

  /** Lets an agent call tools, one after the other, and returns their steps. */
  async function call(
    agent: SeededAgent,
    room: TeamRoom,
    ...calls: [name: string, args: JsonObject][]
  ): Promise<{ steps: StepAnswer[]; runId: string }> {
    const plays = calls.map(([name, args]) => stage.model.callTools([name, args]));
    stage.script(agent.name, ...plays, stage.model.answer('Done.'));
    const { run, id } = await stage.ask(room, 'Do it.');
    expect(run.state).toBe('SUCCEEDED');
    return { steps: run.steps.filter(({ kind }) => kind === 'TOOL'), runId: id };
  }

  /** What the model of an agent was told as its system text, in its last call. */
  const systemOf = (agent: SeededAgent): string => {
    const last = stage.model.callsOf(stage.markOf(agent.name)).at(-1);
    const asked = last?.body as { messages: { role: string; content: string }[] } | undefined;
    return asked?.messages.find(({ role }) => role === 'system')?.content ?? '';
  };

  it('of a person is told nobody else in the room, nor the model that answers somebody else', async () => {
    const agent = await stage.agent(nameOf(), { tools: TOOLS });
    const other = await stage.test.seed.member(stage.owner, 'MEMBER', 'Otto');
    const room = await stage.enter(agent, [other]);
    const label = `health-${newId()}`;
    await create({ scope: 'USER', label, value: 'Has a weak heart.' });
    const { steps, runId } = await call(agent, room, ['memory_read', { labels: [label] }]);
    expect(JSON.stringify(steps)).toContain('weak heart');

    const query = 'query ($id: ID!) { run(id: $id) { steps { nodes { kind output } } } }';
    const seen = await other.client.request<{ run: { steps: { nodes: StepAnswer[] } } }>(query, { id: runId });
    const output = { blocks: [{ scope: 'person', label, withheld: true }] };
    expect(seen.run.steps.nodes.filter(({ kind }) => kind === 'TOOL')).toEqual([{ kind: 'TOOL', output }]);

    stage.script(agent.name, stage.model.answer('Hello.'));
    const asked = await sendMessage(other.client, room.id, 'And how am I?');
    await stage.untilEnded(room, asked.run?.id ?? '');
    const told = JSON.stringify(stage.model.callsOf(stage.markOf(agent.name)).at(-1)?.body);
    expect(told).not.toContain('weak heart');

    stage.script(
      agent.name,
      stage.model.callTools([
        'memory_write',
        { operation: 'replace', scope: 'person', label, oldText: 'weak heart', text: 'good heart' },
      ]),
      stage.model.answer('Noted.'),
    );
    const written = await stage.ask(room, 'I am well.');
    expect(JSON.stringify(written.run.steps)).toContain('weak heart');
    const looked = await other.client.request<{ run: object }>(
      'query ($id: ID!) { run(id: $id) { steps { nodes { kind input output } } } }',
      { id: written.id },
    );
    expect(JSON.stringify(looked)).toContain(label);
    expect(JSON.stringify(looked)).not.toContain('heart');
    stage.script(agent.name, stage.model.answer('Hello.'));
    const again = await sendMessage(other.client, room.id, 'And now?');
    await stage.untilEnded(room, again.run?.id ?? '');
    expect(JSON.stringify(stage.model.callsOf(stage.markOf(agent.name)).at(-1)?.body)).not.toContain('heart');
  });

  it('is written by an agent, read again, and people see who wrote it, for whom and where', async () => {
    const agent = await stage.agent(nameOf(), { tools: TOOLS });
    const room = await stage.enter(agent);
    const label = `tastes-${newId()}`;
    const write = (args: JsonObject): [string, JsonObject] => ['memory_write', { scope: 'person', label, ...args }];
    const { steps, runId } = await call(
      agent,
      room,
      write({ operation: 'append', text: 'Likes tea.' }),
      write({ operation: 'replace', oldText: 'tea', text: 'coffee' }),
      ['memory_read', { labels: [label, 'nothing'] }],
      write({ operation: 'rewrite', text: 'Likes nothing.', expectedRevision: 2 }),
    );
    expect(steps.map(({ output }) => output)).toMatchObject([
      { revision: 1, characters: 10, characterLimit: 5_000 },
      { revision: 2, characters: 13 },
      {
        blocks: [{ scope: 'person', label, revision: 2, text: 'Likes coffee.' }],
        note: 'There is no block called nothing.',
      },
      { revision: 3 },
    ]);
    const [block] = (await listed({ scope: 'USER' })).filter((each) => each.label === label);
    expect(block).toMatchObject({ value: 'Likes nothing.', revision: 3 });
    const author = { name: agent.name };
    expect(block?.revisions.nodes[0]).toEqual({
      operation: 'WRITE',
      author,
      onBehalfOf: { id: stage.owner.id },
      conversation: { id: room.id },
      runId,
    });
    await stage.leave(room);
  });

  it('says what is wrong in words that the model can act on', async () => {
    const shared = `rules-${newId()}`;
    const locked = `locked-${newId()}`;
    await create({ scope: 'ORG', label: shared, value: 'Be kind.' });
    await create({ scope: 'ORG', label: locked, value: 'Be kind.', readOnly: true });
    const agent = await stage.agent(nameOf(), { tools: TOOLS });
    const room = await stage.enter(agent);
    const write = (args: JsonObject): [string, JsonObject] => [
      'memory_write',
      { scope: 'shared', label: shared, text: 'x', ...args },
    ];
    const { steps } = await call(
      agent,
      room,
      write({ operation: 'append', label: 'unknown' }),
      write({ operation: 'append', label: locked }),
      write({ operation: 'replace', oldText: 'cruel' }),
      write({ operation: 'replace' }),
      write({ operation: 'create' }),
      write({ operation: 'rewrite', expectedRevision: 7 }),
      write({ operation: 'append', label: 'two words' }),
      ['memory_write', { scope: 'own', label: 'none', operation: 'replace', oldText: 'a', text: 'b' }],
    );
    expect(steps.map(({ error }) => [error?.code, error?.message])).toEqual([
      ['NO_SUCH_BLOCK', 'There is no shared block unknown, and only people can make one.'],
      ['READ_ONLY', 'The block is read-only for agents.'],
      ['CHANGED', 'The block does not hold the old text: read it again.'],
      ['INVALID_ARGUMENTS', 'Give oldText.'],
      ['INVALID_ARGUMENTS', 'The block holds something: read it, and give the revision that was read.'],
      ['CHANGED', 'The block has changed: it is now at revision 1, not 7.'],
      ['INVALID_ARGUMENTS', expect.stringContaining('label must match')],
      ['NO_SUCH_BLOCK', 'There is no block none: make it with create or append.'],
    ]);
    await stage.leave(room);
  });

  it('of the organization, the agent, the person and the room is told to the model, and no other', async () => {
    const tag = newId();
    const [agent, stranger] = await Promise.all([stage.agent(nameOf(), { tools: TOOLS }), stage.agent(nameOf())]);
    const max = await stage.test.seed.member(stage.owner, 'MEMBER', 'Max');
    const room = await stage.enter(agent, [max]);
    const elsewhere = await stage.enter(agent);
    const eve = await stage.test.seed.owner('Eve');
    await Promise.all([
      create({ scope: 'ORG', label: `a-${tag}`, value: 'told: shared' }),
      create({ scope: 'AGENT', agentId: agent.id, label: `b-${tag}`, value: 'told: own' }),
      create({ scope: 'USER', label: `c-${tag}`, value: 'told: person' }),
      create({ scope: 'CONVERSATION', conversationId: room.id, label: `d-${tag}`, value: 'told: room' }),
      create({ scope: 'AGENT', agentId: stranger.id, label: `e-${tag}`, value: 'untold: of another agent' }),
      create({ scope: 'USER', label: `f-${tag}`, value: 'untold: of another person' }, max),
      create({
        scope: 'CONVERSATION',
        conversationId: elsewhere.id,
        label: `g-${tag}`,
        value: 'untold: of another room',
      }),
      create({ scope: 'ORG', label: `h-${tag}`, value: 'untold: of another organization' }, eve),
    ]);
    await call(agent, room);
    const system = systemOf(agent);
    expect(system.startsWith(stage.markOf(agent.name))).toBe(true);
    for (const whose of ['shared', 'own', 'person', 'room']) expect(system).toContain(`told: ${whose}\n</memory>`);
    expect(system).not.toContain('untold');
    await stage.leave(elsewhere);
    await stage.leave(room);
  });

  it('that one agent of a team wrote is known to the next one', async () => {
    const label = `plan-${newId()}`;
    const [writer, reader] = await Promise.all([stage.agent(nameOf(), { tools: TOOLS }), stage.agent(nameOf())]);
    const team = await stage.team(nameOf(), [writer, reader], { sequential: {} });
    const args = { operation: 'create', scope: 'room', label, text: 'First the roof.' };
    stage.script(writer.name, stage.model.callTools(['memory_write', args]), stage.model.answer('Written.'));
    const room = await stage.enter(team);
    await stage.ask(room, 'Plan it.');
    expect(systemOf(reader)).toContain('First the roof.');
    await stage.leave(room);
  });
});
