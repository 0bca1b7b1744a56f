/** What Parley adds to a direct call of the same provider: to the first token, and to each token. */
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { TestClient } from '#test/support/client';
import { ms, percentile, printTable } from './figure.ts';
import { OWNER, run, runServer } from './process.ts';

const TOKENS = 50;
const GAP_MS = 20;
const ROUNDS: Record<number, number> = { 1: 20, 10: 5, 50: 3, 200: 2 };

interface Samples {
  first: number[];
  lag: number[];
}

/** Tokens carry the moment they were sent. */
const lagOf = (text: string, at: number): number[] =>
  [...text.matchAll(/\d{13}/g)].map(([stamp]) => at - Number(stamp));

async function direct(provider: string): Promise<Samples> {
  const samples: Samples = { first: [], lag: [] };
  const begun = performance.now();
  const response = await fetch(`${provider}/v1/chat/completions`, { method: 'POST', body: '{}' });
  if (!response.body) throw new Error('The provider answered without a body.');
  for await (const bytes of response.body) {
    const now = Date.now();
    if (samples.first.length === 0) samples.first.push(performance.now() - begun);
    samples.lag.push(...lagOf(Buffer.from(bytes).toString(), now));
  }
  return samples;
}

type Event = { __typename: string; text?: string; run?: { state: string } };

async function throughParley(client: TestClient, agentId: string): Promise<{ ask(): Promise<Samples>; close(): void }> {
  const { createConversation } = await client.request<{
    createConversation: { conversation: { id: string; cursor: string } };
  }>('mutation ($i: CreateConversationInput!) { createConversation(input: $i) { conversation { id cursor } } }', {
    i: { agentIds: [agentId] },
  });
  const { id, cursor } = createConversation.conversation;
  const socket = createClient({
    url: `${client.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${client.token}` },
  });
  let onEvent: (event: Event) => void = () => {};
  let onError: (error: unknown) => void = () => {};
  socket.subscribe<{ conversationEvents: Event }>(
    {
      query: `subscription ($id: ID!, $after: String) { conversationEvents(conversationId: $id, after: $after) {
        __typename ... on MessageDelta { text } ... on RunStateChanged { run { state } } } }`,
      variables: { id, after: cursor },
    },
    {
      next: ({ data }) => data && onEvent(data.conversationEvents),
      error: (error) => onError(error),
      complete: () => {},
    },
  );
  const ask = () =>
    new Promise<Samples>((resolve, reject) => {
      onError = reject;
      const samples: Samples = { first: [], lag: [] };
      const begun = performance.now();
      onEvent = (event) => {
        if (event.text) {
          if (samples.first.length === 0) samples.first.push(performance.now() - begun);
          samples.lag.push(...lagOf(event.text, Date.now()));
        }
        if (event.run?.state === 'SUCCEEDED') resolve(samples);
        if (event.run?.state === 'FAILED') reject(new Error('A run failed.'));
      };
      client
        .request('mutation ($i: SendMessageInput!) { sendMessage(input: $i) { run { id } } }', {
          i: { conversationId: id, text: 'Go' },
        })
        .catch(reject);
    });
  return { ask, close: () => void socket.dispose() };
}

async function measure(streams: (() => Promise<Samples>)[], rounds: number): Promise<Samples> {
  const all: Samples = { first: [], lag: [] };
  for (let round = 0; round < rounds; round++) {
    for (const samples of await Promise.all(streams.map((stream) => stream()))) {
      all.first.push(...samples.first);
      all.lag.push(...samples.lag);
    }
  }
  return all;
}

const provider = await run('test/bench/provider.ts', [String(TOKENS), String(GAP_MS)], /\d+\n/);
const providerUrl = `http://127.0.0.1:${provider.output.trim()}`;
const server = await runServer(providerUrl);
try {
  const anonymous = new TestClient(server.url);
  const { logIn } = await anonymous.request<{ logIn: { accessToken: string } }>(
    'mutation ($i: LogInInput!) { logIn(input: $i) { accessToken } }',
    { i: OWNER },
  );
  const client = anonymous.as(logIn.accessToken);
  const { createAgent } = await client.request<{ createAgent: { agent: { id: string } } }>(
    'mutation ($i: CreateAgentInput!) { createAgent(input: $i) { agent { id } } }',
    { i: { name: 'Bench', model: 'openai/gpt-bench' } },
  );
  const rows = [
    ['streams', 'first token p50', 'p95', 'direct p50', 'added p50', 'token lag p50', 'p99', 'direct p50', 'p99'],
  ];
  for (const [count, rounds] of Object.entries(ROUNDS)) {
    const streams = await Promise.all(
      Array.from({ length: Number(count) }, () => throughParley(client, createAgent.agent.id)),
    );
    const asks = streams.map(({ ask }) => ask);
    await measure(asks, 1);
    const own = await measure(asks, rounds);
    for (const stream of streams) stream.close();
    const peer = await measure(
      Array.from({ length: Number(count) }, () => () => direct(providerUrl)),
      rounds,
    );
    const [first, peerFirst] = [percentile(own.first, 0.5), percentile(peer.first, 0.5)];
    rows.push([
      count,
      ms(first),
      ms(percentile(own.first, 0.95)),
      ms(peerFirst),
      ms(first - peerFirst),
      ms(percentile(own.lag, 0.5)),
      ms(percentile(own.lag, 0.99)),
      ms(percentile(peer.lag, 0.5)),
      ms(percentile(peer.lag, 0.99)),
    ]);
  }
  printTable(`Replies of ${TOKENS} tokens, one every ${GAP_MS} ms`, rows);
} finally {
  await server.stop();
  await provider.stop();
}
process.exit(0);
