import { beforeAll, describe, expect, it } from 'vitest';
import { atFileEnd } from '../support/file-end.ts';
import { sendMessage } from '../support/room-call.ts';
import { isFinal, RoomReader } from '../support/room-reader.ts';
import { ScriptedModel } from '../support/scripted-model.ts';
import type { Person, SeededAgent } from '../support/seed.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const LEAN = `__typename cursor
  ... on MessageAdded { message { id status } }
  ... on MessageDelta { messageId index text }
  ... on MessageCompleted { message { id text } }
  ... on RunStateChanged { run { id state } }`;

const NAMED = `__typename cursor
  ... on MessageAdded { message { id author { ... on Agent { name } } } }
  ... on MessageDelta { messageId index text }
  ... on MessageCompleted { message { id author { ... on Agent { name } } } }
  ... on RunStateChanged { run { id state } }`;

let test: TestServer;
let owner: Person;
let agent: SeededAgent;
let model: ScriptedModel;

beforeAll(async () => {
  model = await ScriptedModel.start();
  atFileEnd(() => model.stop());
  test = await startTestServer(model.variables);
  owner = await test.seed.owner();
  agent = await test.seed.agent(owner, { name: 'Ada', model: model.modelId });
}, 120_000);

/** How often the gateway has asked each subgraph, by what for. */
const calls = async () => {
  const text = await (await fetch(`${test.url}/metrics`)).text();
  const count = (subgraph: string, purpose: string) => {
    const series = new RegExp(
      `^parley_subgraph_requests_total\\{subgraph="${subgraph}",purpose="${purpose}",outcome="ok"\\} (\\d+)$`,
      'm',
    );
    return Number(series.exec(text)?.[1] ?? 0);
  };
  return {
    agents: count('agents', 'plan') + count('agents', 'join'),
    identity: count('identity', 'plan') + count('identity', 'join'),
    streams: count('conversations', 'subscription'),
  };
};

/** Follows a reply from its first token to its last, and counts what that costs. */
const followReply = async (fields: string) => {
  const room = await test.seed.room(owner, { agents: [agent] });
  const reader = new RoomReader(owner.client, room.id, room.cursor, fields);
  const reply = model.held('One ');
  model.next(reply.play);
  const before = await calls();
  await sendMessage(owner.client, room.id, 'Count.');
  await reader.until(({ __typename }) => __typename === 'MessageDelta');
  reply.finish('two three.');
  await reader.until(isFinal);
  const after = await calls();
  await reader.close();
  expect(reader.error).toBeNull();
  return {
    events: reader.events,
    agents: after.agents - before.agents,
    identity: after.identity - before.identity,
    streams: after.streams - before.streams,
  };
};

/** What sending the message costs without anybody who follows. */
const costOfSending = async () => {
  const room = await test.seed.room(owner);
  const before = await calls();
  await sendMessage(owner.client, room.id, 'Nobody reads this.');
  const after = await calls();
  return { agents: after.agents - before.agents, identity: after.identity - before.identity };
};

describe('a streamed reply', () => {
  it('costs no other subgraph a call where only its deltas are selected', async () => {
    expect(await costOfSending()).toEqual({ agents: 0, identity: 0 });
    const { events, ...cost } = await followReply(LEAN);
    expect(events.filter(({ __typename }) => __typename === 'MessageDelta').length).toBeGreaterThan(0);
    expect(events.some(({ message }) => message?.text === 'One two three.')).toBe(true);
    expect(cost).toEqual({ agents: 0, identity: 0, streams: 1 });
  });

  it('has the name of its agent on every event that shows the author, from agents', async () => {
    const { events, agents, identity, streams } = await followReply(NAMED);
    const byAgent = events.filter(({ message }) => message?.author?.name !== undefined);
    const completed = events.find(({ __typename }) => __typename === 'MessageCompleted');
    expect(completed?.message?.author.name).toBe('Ada');
    const reply = completed?.message?.id;
    const ofReply = events.filter(({ message }) => message?.id === reply);
    expect(ofReply.map(({ __typename }) => __typename)).toEqual(['MessageAdded', 'MessageCompleted']);
    expect(ofReply.map(({ message }) => message?.author.name)).toEqual(['Ada', 'Ada']);
    // One call for each event that has an agent in it, and none for the deltas in between.
    expect(agents).toBe(byAgent.length);
    expect(events.length).toBeGreaterThan(byAgent.length + 1);
    expect({ identity, streams }).toEqual({ identity: 0, streams: 1 });
  });
});
