import { beforeAll, describe, expect, test } from 'vitest';
import { attributeOf, Collector } from '#test/support/collector';
import { atFileEnd } from '#test/support/file-end';
import { RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { author { __typename ... on User { name } } } run { id } }
}`;
/** A client's own span, as its browser or server would name it. */
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
const SOON = { timeout: 20_000 };

describe('with a collector', () => {
  let collector: Collector;
  let model: ScriptedModel;
  let server: TestServer;
  let person: Person;

  beforeAll(async () => {
    collector = await Collector.start();
    atFileEnd(() => collector.close());
    model = await ScriptedModel.start();
    atFileEnd(() => model.stop());
    server = await startTestServer({ ...model.variables, ...collector.variables });
    person = await server.seed.owner('Ada');
  });

  /** Sends a message to a new agent, and waits until its run has reached a state. */
  const ask = async (text: string, state: string, agentInput: object, headers: Record<string, string> = {}) => {
    const agent = await server.seed.agent(person, { model: model.modelId, ...agentInput });
    const room = await server.seed.room(person, { agents: [agent] });
    const reader = new RoomReader(person.client, room.id, room.cursor);
    const { sendMessage } = await person.client.request<{ sendMessage: { run: { id: string } } }>(
      SEND,
      { input: { conversationId: room.id, text } },
      headers,
    );
    await reader.until(({ run }) => run?.state === state);
    await reader.close();
    return { roomId: room.id, runId: sendMessage.run.id };
  };
  const runSpan = (runId: string) => collector.spans.find((span) => attributeOf(span, 'parley.run.id') === runId);

  test('a reply is one trace: request, subgraph, job, agent, calls of the model and of the tool', async () => {
    model.next(model.callTools(['current_time', { timeZone: 'Europe/Rome' }]), model.answer('It is late, Ada.'));
    const clara = { name: 'Clara', tools: [{ name: 'current_time' }] };
    const { roomId, runId } = await ask('What time is it, in confidence?', 'SUCCEEDED', clara, CALLER);
    await expect.poll(() => runSpan(runId)?.traceId, SOON).toBe(TRACE);
    const named = (name: string) => collector.spans.filter((span) => span.traceId === TRACE && span.name === name);

    const [request] = named('graphql mutation');
    expect(request?.parentSpanId).toBe('00f067aa0ba902b7');
    expect(attributeOf(request, 'http.response.status_code')).toBe(200);
    for (const subgraph of ['conversations', 'identity']) {
      const above = collector.ancestorsOf(named(`subgraph ${subgraph}`)[0]);
      expect([above[0], above.at(-1)]).toEqual(['graphql mutation', 'gateway.fetch']);
    }
    const run = runSpan(runId);
    expect(attributeOf(run, 'gen_ai.conversation.id')).toBe(roomId);
    expect(collector.ancestorsOf(run)[0]).toBe('graphql mutation');
    expect(collector.ancestorsOf(run).at(-1)).toBe('job conversations.execute-run');
    const chats = named(`chat ${model.dialect.model}`);
    const [tool] = named('execute_tool current_time');
    for (const span of [...chats, tool]) {
      expect(collector.ancestorsOf(span).slice(-2)).toEqual(['run', 'invoke_agent Clara']);
    }
    expect(chats.map((chat) => attributeOf(chat, 'gen_ai.response.finish_reasons'))).toEqual([
      ['tool_calls'],
      ['stop'],
    ]);
    expect(attributeOf(chats[0], 'gen_ai.provider.name')).toBe('openai');
    expect(attributeOf(chats[1], 'gen_ai.usage.input_tokens')).toBe(11);
    expect(attributeOf(chats[1], 'gen_ai.usage.output_tokens')).toBe(7);
    // What people and models say is nobody's in a collector.
    const sent = collector.bodies.join('\n');
    for (const said of ['in confidence', 'It is late', 'Europe/Rome', String(person.client.token)]) {
      expect(sent).not.toContain(said);
    }
  });

  test('a call of a model that fails says by what code, and in no words', async () => {
    model.next(model.fail(400));
    const { runId } = await ask('Fail.', 'FAILED', { name: 'Fay' });
    await expect.poll(() => runSpan(runId), SOON).toBeDefined();
    const run = runSpan(runId);
    const chat = collector.spans.find(({ traceId, name }) => traceId === run?.traceId && name.startsWith('chat '));
    for (const span of [chat, run]) {
      expect([span?.status, attributeOf(span, 'error.type')]).toEqual([{ code: 2 }, 'MODEL_INVALID_REQUEST']);
    }
  });

  test('events of a subscription fill no trace', async () => {
    expect(collector.spans.filter(({ name }) => name === 'gateway.fetch').length).toBeGreaterThan(0);
    const roots = collector.spans.filter((span) => collector.ancestorsOf(span).length === 0).map(({ name }) => name);
    expect([...new Set(roots)].filter((name) => !/^(graphql|job|subgraph) /.test(name))).toEqual([]);
    const joins = collector.spans.filter(({ traceId, name }) => traceId === TRACE && name === 'gateway.fetch');
    // The mutation itself, and the join of its author's name.
    expect(joins).toHaveLength(2);
  });

  test('it is sent the metrics that Prometheus reads as well', async () => {
    const metricOf = (wanted: string) => collector.metrics.find(({ name }) => name === wanted);
    await expect.poll(() => metricOf('parley_graphql_request_seconds'), SOON).toBeDefined();
    const points = metricOf('parley_graphql_request_seconds')?.histogram?.dataPoints ?? [];
    expect(points.length).toBeGreaterThan(0);
    for (const { count, bucketCounts, explicitBounds } of points) {
      expect(bucketCounts).toHaveLength(explicitBounds.length + 1);
      expect(bucketCounts.reduce((sum, each) => sum + Number(each), 0)).toBe(Number(count));
    }
    const calls = metricOf('parley_subgraph_requests_total')?.sum;
    expect(calls?.isMonotonic).toBe(true);
    expect(calls?.dataPoints.every(({ asDouble }) => asDouble > 0)).toBe(true);
  });
});
