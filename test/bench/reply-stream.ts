import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { TestClient } from '#test/support/client';

/** In milliseconds. */
export interface Samples {
  first: number[];
  lag: number[];
}

/** Tokens carry the moment they were sent. */
const lagOf = (text: string, at: number): number[] =>
  [...text.matchAll(/\d{13}/g)].map(([stamp]) => at - Number(stamp));

/** Asks the provider itself. */
export async function direct(provider: string): Promise<Samples> {
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

/** A room with an agent in it that can be asked. */
export async function throughParley(
  client: TestClient,
  agentId: string,
): Promise<{ ask(): Promise<Samples>; close(): void }> {
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

/** Asks all of the streams at once, so many times. */
export async function measure(streams: (() => Promise<Samples>)[], rounds: number): Promise<Samples> {
  const all: Samples = { first: [], lag: [] };
  for (let round = 0; round < rounds; round++) {
    for (const samples of await Promise.all(streams.map((stream) => stream()))) {
      all.first.push(...samples.first);
      all.lag.push(...samples.lag);
    }
  }
  return all;
}
