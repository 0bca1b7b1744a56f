import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '#core/free-port.fixture';
import { eventually } from '#core/job/eventually.fixture';
import { hasRedisServer } from '#core/job/redis-server.fixture';
import { TestClient } from '#test/support/client';
import { attributeOf, Collector } from '#test/support/collector';
import { isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { type Person, Seed, type SeededAgent, type SeededRoom } from '#test/support/seed';
import { type Installation, openInstallation } from './installation.fixture.ts';
import type { ParleyProcess } from './parley-process.fixture.ts';

// Each test starts whole servers, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id } run { id state agent { name } } }
}`;
const WITHIN_MS = 60_000;

/** What the offline model is asked to say: about one word in forty milliseconds. */
const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');

const isCompleted = ({ __typename, message }: RoomEvent) =>
  __typename === 'MessageCompleted' && message?.author.__typename === 'Agent';

describe.runIf(hasRedisServer())('every role as its own process', () => {
  let installation: Installation;
  let collector: Collector;
  let gateway: ParleyProcess;
  let worker: ParleyProcess;
  let workerPort: number;
  let agentsProcess: ParleyProcess;
  let conversationsProcess: ParleyProcess;
  let seed: Seed;
  let owner: Person;
  let agent: SeededAgent;

  const send = async (room: SeededRoom, text: string, client = owner.client) => {
    const { sendMessage } = await client.request<{ sendMessage: { message: { id: string }; run: { id: string } } }>(
      SEND,
      { input: { conversationId: room.id, text } },
    );
    return sendMessage;
  };
  const storedReplies = async (room: SeededRoom) => {
    const { conversation } = await owner.client.request<{
      conversation: { messages: { nodes: { text: string; status: string; author: { __typename: string } }[] } };
    }>(
      'query ($id: ID!) { conversation(id: $id) { messages(last: 50) { nodes { text status author { __typename } } } } }',
      { id: room.id },
    );
    return conversation.messages.nodes.filter(({ author }) => author.__typename === 'Agent');
  };

  beforeAll(async () => {
    [installation, collector] = await Promise.all([openInstallation(), Collector.start()]);
    workerPort = await freePort();
    const settings: Record<string, Record<string, string>> = { worker: { PARLEY_INTERNAL_PORT: String(workerPort) } };
    [gateway, worker, agentsProcess, conversationsProcess] = (await Promise.all(
      // Those that nothing here tells apart share one.
      ['gateway', 'worker', 'agents', 'conversations', 'identity,tasks,rules,events'].map((role) =>
        installation.start(role, { ...settings[role], ...collector.variables }),
      ),
    )) as [ParleyProcess, ParleyProcess, ParleyProcess, ParleyProcess];
    seed = new Seed(new TestClient(gateway.url()));
    owner = await seed.owner();
    agent = await seed.agent(owner);
  }, 180_000);

  afterAll(async () => {
    await seed?.close();
    await installation?.close();
    await collector?.close();
  }, 60_000);

  it('makes one trace of a reply, across the processes that it goes through', async () => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    const { run } = await send(room, 'Hello');
    await reader.until(isFinal, WITHIN_MS);
    await reader.close();
    const runSpan = () => collector.spans.find((span) => attributeOf(span, 'parley.run.id') === run.id);
    await eventually(() => collector.ancestorsOf(runSpan())[0] === 'graphql mutation');
    const inTrace = collector.spans.filter(({ traceId }) => traceId === runSpan()?.traceId);
    const instanceOf = (wanted: RegExp) => inTrace.find(({ name }) => wanted.test(name))?.instance;
    const instances = [/^graphql mutation/, /^subgraph conversations/, /^chat /].map(instanceOf);
    expect(new Set(instances).size).toBe(3);
    expect(instances).not.toContain(undefined);
  });

  it('has a worker that shows how it is and what it has done', async () => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    await send(room, 'Hello');
    await reader.until(isFinal, WITHIN_MS);
    await reader.close();
    expect((await fetch(`http://127.0.0.1:${workerPort}/healthz`)).status).toBe(200);
    await eventually(async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${workerPort}/metrics`)).text();
      return /^parley_job_seconds_count\{job="[^"]+",outcome="\w+"\} [1-9]/m.test(metrics);
    });
    const forwarded = { 'x-forwarded-for': '203.0.113.1' };
    expect((await fetch(`http://127.0.0.1:${workerPort}/metrics`, { headers: forwarded })).status).toBe(403);
  });

  it('streams a reply with the names of its authors joined, and resumes from any cursor', async () => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    const { run } = await send(room, `Say: ${words(20)}`);
    await reader.until(isFinal, WITHIN_MS);
    await reader.close();
    const completed = reader.events.find(isCompleted)?.message;
    expect(completed).toMatchObject({ status: 'COMPLETE', author: { name: agent.name } });
    expect(completed?.text).toContain(words(20));
    expect(reader.textOf(completed?.id ?? '')).toBe(completed?.text);
    expect(reader.events[0]?.message?.author).toMatchObject({ name: owner.name });
    expect(reader.events.at(-1)?.run).toMatchObject({ id: run.id, state: 'SUCCEEDED', attempt: 1 });

    const middle = reader.events[Math.floor(reader.events.length / 2)];
    const again = new RoomReader(owner.client, room.id, middle?.cursor ?? '');
    await again.until(isFinal, WITHIN_MS);
    await again.close();
    const cursors = reader.events.map(({ cursor }) => cursor);
    expect(again.events.map(({ cursor }) => cursor)).toEqual(cursors.slice(cursors.indexOf(middle?.cursor ?? '') + 1));
  });

  it('cancels a reply that another process works on, and keeps what was said', async () => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    const { run } = await send(room, `Say: ${words(2_000)}`);
    await reader.until(({ __typename }) => __typename === 'MessageDelta', WITHIN_MS);
    await owner.client.request('mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id } } }', {
      input: { runId: run.id },
    });
    const end = await reader.until(isFinal, WITHIN_MS);
    await reader.close();
    expect(end.run?.state).toBe('CANCELLED');
    const [reply] = await storedReplies(room);
    expect(reply).toMatchObject({ status: 'CANCELLED' });
    expect(reply?.text.length).toBeGreaterThan(0);
  });

  it('shows at one gateway what is sent at another', async () => {
    const second = await installation.start('gateway');
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    const elsewhere = new TestClient(second.url(), owner.client.token);
    await send(room, 'Say: from the other side', elsewhere);
    await reader.until(isFinal, WITHIN_MS);
    await reader.close();
    expect(reader.events.find(isCompleted)?.message?.text).toContain('from the other side');
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('lets another worker take over a reply whose worker was killed', async () => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    await send(room, `Say: ${words(150)}`);
    await reader.until(({ __typename }) => __typename === 'MessageDelta', WITHIN_MS);
    await worker.end('SIGKILL');
    worker = await installation.start('worker');
    const end = await reader.until(isFinal, WITHIN_MS);
    await reader.close();
    expect(end.run).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expect(reader.events.map(({ __typename }) => __typename)).toContain('MessageRestarted');
    const completed = reader.events.filter(isCompleted);
    expect(completed).toHaveLength(1);
    expect(completed[0]?.message?.text).toContain(words(150));
    expect(reader.textOf(completed[0]?.message?.id ?? '')).toBe(completed[0]?.message?.text);
    expect(await storedReplies(room)).toHaveLength(1);
  });

  it('ends a stream with a code that says go on later where its subgraph dies, and goes on where it ended', async () => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    await send(room, `Say: ${words(100)}`);
    await reader.until(({ __typename }) => __typename === 'MessageDelta', WITHIN_MS);
    await conversationsProcess.end('SIGKILL');
    await reader.untilEnded(WITHIN_MS);
    expect(reader.error).toMatchObject([{ extensions: { code: 'UNAVAILABLE', resumable: true } }]);
    const events = [...reader.events];
    await reader.close();

    conversationsProcess = await installation.start('conversations');
    await eventually(async () => {
      const again = new RoomReader(owner.client, room.id, events.at(-1)?.cursor ?? '');
      const isOver = await again.until(isFinal, WITHIN_MS).then(
        () => true,
        () => false,
      );
      await again.close();
      events.push(...again.events);
      return isOver;
    });
    expect(new Set(events.map(({ cursor }) => cursor)).size).toBe(events.length);
    const completed = events.filter(isCompleted);
    expect(completed).toHaveLength(1);
    const deltas = events.filter(({ __typename }) => __typename === 'MessageDelta');
    expect(deltas.map(({ text }) => text).join('')).toBe(completed[0]?.message?.text);
    expect(events.at(-1)?.run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
  });

  describe('while a subgraph is away', () => {
    const QUERY = `query ($agent: ID!, $room: ID!) {
      viewer { user { name } } agent(id: $agent) { name } conversation(id: $room) { title }
    }`;
    interface Data {
      viewer: { user: { name: string } } | null;
      agent: { name: string } | null;
      conversation: { title: string } | null;
    }
    let room: SeededRoom;

    beforeAll(async () => {
      room = await seed.room(owner, { agents: [agent], title: 'Unaffected' });
    });

    const ask = () => owner.client.send<Data>(QUERY, { agent: agent.id, room: room.id });
    const expectPartial = async () => {
      const { data, errors, text } = await ask();
      expect(data, text).toEqual({
        viewer: { user: { name: owner.name } },
        agent: null,
        conversation: { title: 'Unaffected' },
      });
      expect(errors, text).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
    };
    const expectWell = () => eventually(async () => (await ask()).data?.agent?.name === agent.name);

    it.each(['hung', 'killed'])(
      'answers the rest and says what is missing: %s',
      async (how) => {
        if (how === 'hung') agentsProcess.signal('SIGSTOP');
        else await agentsProcess.end('SIGKILL');
        await expectPartial();
        await expectPartial();
        if (how === 'hung') agentsProcess.signal('SIGCONT');
        else agentsProcess = await installation.start('agents');
        await expectWell();
      },
      120_000,
    );
  });

  it('gives up what it has asked of a process when nobody waits for it any more', async () => {
    const failed = async () => {
      const metrics = await (await fetch(`${gateway.url()}/metrics`)).text();
      return [...metrics.matchAll(/^parley_subgraph_requests_total\{subgraph="agents".*outcome="error"\} (\d+)$/gm)]
        .map(([, count]) => Number(count))
        .reduce((sum, count) => sum + count, 0);
    };
    const before = await failed();
    agentsProcess.signal('SIGSTOP');
    try {
      const leave = new AbortController();
      const asked = fetch(`${gateway.url()}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${owner.client.token}` },
        body: JSON.stringify({ query: '{ agents { nodes { id } } }' }),
        signal: leave.signal,
      });
      setTimeout(() => leave.abort(), 500);
      await expect(asked).rejects.toThrow();
      // Far below the time-out of what is waited for.
      await expect.poll(failed, { timeout: 4_000 }).toBe(before + 1);
    } finally {
      agentsProcess.signal('SIGCONT');
    }
  });

  it.each(['gone', 'silent'])('loses no reply while Redis is %s and comes back, and goes on streaming', async (how) => {
    const room = await seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    await send(room, `Say: ${words(200)}`);
    await reader.until(({ __typename }) => __typename === 'MessageDelta', WITHIN_MS);
    if (how === 'gone') await installation.redis.kill();
    else installation.redis.pause();
    const sent = send(room, 'Say: sent while Redis was away');
    if (how === 'gone') await installation.redis.start();
    else setTimeout(() => installation.redis.resume(), 3_000);
    await sent;
    await reader.until(({ message }) => message?.text.includes('sent while Redis was away') === true, WITHIN_MS);
    await reader.until(
      (event) => isCompleted(event) && event.message?.text.includes('sent while Redis was away') === true,
      WITHIN_MS,
    );
    await reader.close();
    expect(reader.error).toBeNull();
    expect((await storedReplies(room)).map(({ status }) => status)).toEqual(['COMPLETE', 'COMPLETE']);
    for (const { message } of reader.events.filter(isCompleted)) {
      expect(reader.textOf(message?.id ?? '')).toBe(message?.text);
    }
    const cursors = reader.events.map(({ cursor }) => cursor);
    expect(new Set(cursors).size).toBe(cursors.length);
  });
});
