import { beforeAll, describe, expect, it } from 'vitest';
import { isFinal, RoomReader } from './support/room-reader.ts';
import type { Person, SeededAgent, SeededRoom } from './support/seed.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id text author { ... on User { name } } } run { id state agent { name } } }
}`;

describe('people and an agent talk in a room', () => {
  let test: TestServer;
  let owner: Person;
  let agent: SeededAgent;
  let room: SeededRoom;

  beforeAll(async () => {
    test = await startTestServer();
    owner = await test.seed.owner();
    agent = await test.seed.agent(owner);
    room = await test.seed.room(owner, { agents: [agent] });
  });

  it('streams the reply with the names of its authors joined, and keeps it', async () => {
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    const { sendMessage } = await owner.client.request<{
      sendMessage: { message: { id: string }; run: { id: string } };
    }>(SEND, { input: { conversationId: room.id, text: 'Hello there' } });
    await reader.until(isFinal);
    await reader.close();

    expect(reader.error).toBeNull();
    const kinds = reader.events.map((event) => event.__typename);
    expect(kinds.slice(0, 4)).toEqual(['MessageAdded', 'RunStateChanged', 'RunStateChanged', 'MessageAdded']);
    expect(kinds.slice(-2)).toEqual(['MessageCompleted', 'RunStateChanged']);
    expect(reader.events[0]?.message).toMatchObject({ id: sendMessage.message.id, author: { name: owner.name } });
    expect(reader.events[3]?.message).toMatchObject({ text: '', status: 'STREAMING', author: { name: agent.name } });

    const completed = reader.events.at(-2)?.message;
    expect(completed).toMatchObject({ status: 'COMPLETE', author: { name: agent.name } });
    expect(completed?.text.length).toBeGreaterThan(10);
    expect(reader.textOf(completed?.id ?? '')).toBe(completed?.text);
    expect(reader.events.at(-1)?.run).toMatchObject({ id: sendMessage.run.id, state: 'SUCCEEDED', attempt: 1 });
    expect(reader.events.at(-1)?.run?.usage?.totalTokens).toBeGreaterThan(0);

    const { conversation } = await owner.client.request<{
      conversation: { messages: { nodes: { id: string; text: string; status: string }[] } };
    }>('query ($id: ID!) { conversation(id: $id) { messages(last: 2) { nodes { id text status } } } }', {
      id: room.id,
    });
    expect(conversation.messages.nodes.map(({ text }) => text)).toEqual(['Hello there', completed?.text]);
  });

  it('asks another subgraph only where a subscriber selects what is its own', async () => {
    const fetches = async () => {
      const text = await (await fetch(`${test.url}/metrics`)).text();
      const of = (subgraph: string) => {
        const series = `parley_subgraph_requests_total{subgraph="${subgraph}",purpose="join",outcome="ok"} `;
        return Number.parseInt(text.split(series)[1] ?? '0', 10);
      };
      return { agents: of('agents'), identity: of('identity') };
    };
    const follow = async (fields: string) => {
      const quiet = await test.seed.room(owner, { agents: [agent] });
      const reader = new RoomReader(owner.client, quiet.id, quiet.cursor, fields);
      const before = await fetches();
      await owner.client.request(
        'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }',
        {
          input: { conversationId: quiet.id, text: 'write 30 words' },
        },
      );
      await reader.until(({ __typename }) => __typename === 'MessageCompleted');
      const after = await fetches();
      await reader.close();
      return {
        deltas: reader.events.filter(({ text }) => text).length,
        names: reader.events.flatMap(({ message }) => message?.author.name ?? []),
        agents: after.agents - before.agents,
        identity: after.identity - before.identity,
      };
    };
    const deltas = await follow('__typename ... on MessageDelta { text index }');
    expect(deltas.deltas).toBeGreaterThan(10);
    expect(deltas).toMatchObject({ agents: 0, identity: 0 });
    const joined = await follow(
      '__typename ... on MessageAdded { message { author { ... on Agent { name } ... on User { name } } } } ... on MessageCompleted { message { author { ... on Agent { name } } } }',
    );
    expect(joined.names).toEqual([owner.name, agent.name, agent.name]);
    expect(joined.agents).toBeGreaterThan(0);
    expect(joined.identity).toBeGreaterThan(0);
  });
});
