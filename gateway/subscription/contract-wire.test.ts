import type { AddressInfo } from 'node:net';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer as serveGraphql } from 'graphql-ws/use/ws';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { messageAdded } from './toy-event.fixture.ts';
import { eventually, SDL, ToyGateway } from './toy-gateway.fixture.ts';

const SCORES = 'subscription { roomEvents(roomId: "r1") { cursor ... on MessageAdded { message { score } } } }';

describe('a stream served by graphql-ws', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function start() {
    const gateway = await ToyGateway.start('local');
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    const running = serveGraphql(
      {
        onSubscribe: (_, __, { query, variables }) => ({
          schema: gateway.graph.schema('rooms'),
          document: parse(query),
          variableValues: variables,
          contextValue: { viewer: 'ann' },
        }),
        subscribe: ({ document, variableValues, contextValue }) =>
          gateway.executor.subscribe({
            document,
            variables: variableValues as Record<string, unknown>,
            context: contextValue as { viewer: string },
          }),
      },
      server,
    );
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
    closing.push(
      () => client.dispose(),
      () => running.dispose(),
      () => gateway.close(),
    );
    const heard: unknown[] = [];
    const leave = client.subscribe(
      { query: SCORES },
      {
        next: (result) => heard.push(result),
        error: (error) => heard.push({ error }),
        complete: () => heard.push('complete'),
      },
    );
    await eventually(() => expect(gateway.graph.topic.size).toBe(1));
    return { gateway, heard, leave };
  }

  it('tells the client of a loss with an error message, not with a completion', async () => {
    const { gateway, heard } = await start();
    gateway.graph.publish('roomEvents', messageAdded('1'));
    await eventually(() => expect(heard).toEqual([{ data: { roomEvents: { cursor: '1', message: { score: 15 } } } }]));
    const { scores: _, ...withoutScores } = SDL;
    gateway.reload(withoutScores);
    await eventually(() => expect(heard).toHaveLength(2));
    expect(heard[1]).toMatchObject({ error: [{ extensions: { code: 'UNAVAILABLE', resumable: true } }] });
  });

  it('completes when the subgraph is done', async () => {
    const { gateway, heard } = await start();
    gateway.graph.topic.end();
    await eventually(() => expect(heard).toEqual(['complete']));
  });

  it('releases the subgraph when the client leaves a quiet stream', async () => {
    const { gateway, leave } = await start();
    leave();
    await eventually(() => expect(gateway.graph.topic.size).toBe(0));
  });
});
