import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { BUILT_IN_ROLES } from '#core/permission';
import type { Viewer } from '#core/viewer';
import { type OpenSubgraphs, openSubgraphs } from './authorization/subgraphs.fixture.ts';
import type { Person } from './support/seed.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { openStatementCounter, type StatementCounter } from './support/statement-counter.ts';

const ROOMS = 20;

let test: TestServer;
let line: StatementCounter;
let owner: Person;
let subgraphs: OpenSubgraphs;
const made: Record<'Agent' | 'Conversation' | 'Message' | 'Run', string[]> = {
  Agent: [],
  Conversation: [],
  Message: [],
  Run: [],
};

beforeAll(async () => {
  test = await startTestServer({}, async (url) => {
    line = await openStatementCounter(url);
    return line.url;
  });
  owner = await test.seed.owner();
  const people = await Promise.all([test.seed.member(owner), test.seed.member(owner), test.seed.member(owner)]);
  const speakers = [owner, ...people];
  for (let index = 0; index < ROOMS; index++) {
    const agent = await test.seed.agent(owner, { name: `Agent ${index}` });
    const room = await test.seed.room(owner, { agents: [agent], people, title: `Room ${index}` });
    const { sendMessage } = await (speakers[index % speakers.length] ?? owner).client.request<{
      sendMessage: { message: { id: string }; run: { id: string } };
    }>('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } run { id } } }', {
      input: { conversationId: room.id, text: 'Hello' },
    });
    made.Agent.push(agent.id);
    made.Conversation.push(room.id);
    made.Message.push(sendMessage.message.id);
    made.Run.push(sendMessage.run.id);
  }
  await Promise.all(made.Run.map(untilOver));
  subgraphs = await openSubgraphs(line.url);
}, 180_000);

afterAll(async () => {
  await subgraphs?.close();
  await line?.close();
});

async function untilOver(id: string): Promise<void> {
  for (;;) {
    const { run } = await owner.client.request<{ run: { state: string } }>(`{ run(id: "${id}") { state } }`);
    if (run.state === 'SUCCEEDED') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const LISTS: [string, string][] = [
  [
    'rooms with the names of who is in them and of who wrote last',
    `conversations(first: SIZE) { nodes {
      title cursor
      participants { __typename ... on User { name } ... on Agent { name description } }
      messages(last: 1) { nodes { text author { __typename ... on User { name } ... on Agent { name } } run { state agent { name } } } }
    } }`,
  ],
  [
    'rooms with what is unread in them, how far people have read, and reactions to what was written last',
    `conversations(first: SIZE) { nodes {
      unreadCount readMarks { messageId participant { __typename ... on User { name } } }
      messages(last: 1) { nodes { reactions { emoji count viewerReacted users { __typename ... on User { name } } } } }
    } }`,
  ],
  [
    'agents with who made them and what is published',
    'agents(first: SIZE) { nodes { name createdBy { name } publishedVersion { number author { name } } } }',
  ],
  [
    'agents with a page of their versions',
    'agents(first: SIZE) { nodes { name draft { revision } versions(first: 2) { nodes { number author { name } } } } }',
  ],
];

describe('the number of statements does not grow with the number of rows', () => {
  it.each(LISTS)('%s', async (_, selection) => {
    const ask = (size: number) =>
      owner.client.request<Record<string, { nodes: unknown[] }>>(`{ ${selection.replace('SIZE', String(size))} }`);
    // Once for what is only done once.
    const [list] = Object.values(await ask(ROOMS));
    expect(list?.nodes).toHaveLength(ROOMS);
    const few = await line.count(() => ask(2));
    const many = await line.count(() => ask(ROOMS));
    expect(few).toBeGreaterThan(1);
    expect(many).toBeLessThanOrEqual(few);
    expect(many).toBeLessThan(20);
  });

  const ENTITIES = [
    ['Agent', 'agents', 'name'],
    ['Conversation', 'conversations', 'title cursor'],
    ['Message', 'conversations', 'text conversation { title } run { state }'],
    ['Run', 'conversations', 'state'],
  ] as const;

  it.each(ENTITIES)('%s, as an entity that other subgraphs refer to', async (type, subgraph, fields) => {
    const viewer: Viewer = {
      userId: owner.id,
      userKind: 'HUMAN',
      orgId: owner.orgId,
      role: 'OWNER',
      permissions: BUILT_IN_ROLES.OWNER,
      credential: { kind: 'SESSION', id: newId(), expiresAt: null },
    };
    const query = `query ($all: [_Any!]!) { _entities(representations: $all) { ... on ${type} { id ${fields} } } }`;
    const ask = async (size: number) => {
      const ids = made[type].slice(0, size);
      const all = ids.map((id) => ({ __typename: type, id }));
      const { data, errors } = await subgraphs.ask(subgraph, viewer, query, { all });
      expect(errors).toBeUndefined();
      expect(data).toEqual({ _entities: ids.map((id) => expect.objectContaining({ id })) });
    };
    await ask(ROOMS);
    const few = await line.count(() => ask(2));
    const many = await line.count(() => ask(ROOMS));
    expect(few).toBeGreaterThan(0);
    expect(many).toBeLessThanOrEqual(few);
  });
});
