import type { AddressInfo } from 'node:net';
import type { ExecutionResult } from 'graphql';
import { useServer as serveGraphql } from 'graphql-ws/use/ws';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type RemoteSubscriber, type RemoteSubscriberOptions, remoteSubscriber } from './remote-subscriber.ts';
import type { SubgraphSubscription } from './subgraph-subscriber.ts';
import { eventually } from './toy-gateway.fixture.ts';
import { type Root, ToyGraph } from './toy-graph.fixture.ts';

type Viewer = { viewer: string };

const LOST = { extensions: { code: 'UNAVAILABLE', resumable: true } };
const TICKS: SubgraphSubscription<Viewer> = {
  subgraph: 'rooms',
  query: 'subscription Ticks { ticks { n viewer } }',
  operationName: 'Ticks',
  variables: {},
  context: { viewer: 'ann' },
  maxQueued: 10,
};

describe('the remote subscriber', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function listen(): Promise<{ server: WebSocketServer; url: string }> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
    await new Promise((resolve) => server.once('listening', resolve));
    closing.push(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  async function serve(graph: ToyGraph) {
    const { server, url } = await listen();
    const sockets: WebSocket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    serveGraphql(
      { schema: () => graph.schema('rooms'), context: (_, __, { extensions }) => ({ viewer: extensions?.viewer }) },
      server,
    );
    return { sockets, url };
  }

  function connect(
    url: string | undefined,
    options: Partial<RemoteSubscriberOptions<Viewer>> = {},
  ): RemoteSubscriber<Viewer> {
    const remote = remoteSubscriber<Viewer>({
      urlOf: () => url,
      extensionsFor: (_, { viewer }) => ({ viewer }),
      ...options,
    });
    closing.unshift(remote.close);
    return remote;
  }

  const open = async (remote: RemoteSubscriber<Viewer>, changes: Partial<SubgraphSubscription<Viewer>> = {}) =>
    (await remote.subscribeAt({ ...TICKS, ...changes })) as AsyncIterator<ExecutionResult>;
  const opened = (graph: ToyGraph, count: number) => eventually(() => expect(graph.topic.size).toBe(count));

  it('connects only when it is first needed, and once for all subscriptions', async () => {
    const graph = new ToyGraph();
    const { sockets, url } = await serve(graph);
    const remote = connect(url);
    expect(sockets).toHaveLength(0);
    const streams = await Promise.all([open(remote), open(remote), open(remote, { context: { viewer: 'bob' } })]);
    await opened(graph, 3);
    graph.publish('ticks', { n: 1 });
    const viewers = [];
    for (const stream of streams) viewers.push((await stream.next()).value.data.ticks.viewer);
    expect(viewers).toEqual(['ann', 'ann', 'bob']);
    expect(sockets).toHaveLength(1);
  });

  it.each([
    ['a crash', (socket: WebSocket) => socket.terminate()],
    ['a normal closure', (socket: WebSocket) => socket.close(1000)],
    ['a restart', (socket: WebSocket) => socket.close(1012)],
    ['a refusal to go on', (socket: WebSocket) => socket.close(4403)],
  ])('gives what it has, then a resumable error, after %s, and connects again later', async (_, drop) => {
    const graph = new ToyGraph();
    const { sockets, url } = await serve(graph);
    const remote = connect(url);
    const [read, waiting] = [await open(remote), await open(remote)];
    await opened(graph, 2);
    graph.publish('ticks', { n: 1 });
    expect((await waiting.next()).value).toEqual({ data: { ticks: { n: 1, viewer: 'ann' } } });
    const next = waiting.next();
    for (const socket of sockets) drop(socket);
    await expect(next).rejects.toMatchObject(LOST);
    expect((await read.next()).value).toEqual({ data: { ticks: { n: 1, viewer: 'ann' } } });
    await expect(read.next()).rejects.toMatchObject(LOST);
    expect((await read.next()).done).toBe(true);
    await opened(graph, 0);

    const again = await open(remote);
    await opened(graph, 1);
    graph.publish('ticks', { n: 2 });
    expect((await again.next()).value).toEqual({ data: { ticks: { n: 2, viewer: 'ann' } } });
    expect(sockets).toHaveLength(2);
  });

  it('completes only when the subgraph says so', async () => {
    const graph = new ToyGraph();
    const { url } = await serve(graph);
    const stream = await open(connect(url));
    await opened(graph, 1);
    const waiting = stream.next();
    graph.topic.end();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  it('gives the errors of a subgraph that does not accept the operation', async () => {
    const graph = new ToyGraph();
    const { url } = await serve(graph);
    const stream = await open(connect(url), { query: 'subscription Ticks { tocks }' });
    await expect(stream.next()).rejects.toThrow('Cannot query field "tocks"');
  });

  it('closes a connection that nobody uses, and opens another when it is needed', async () => {
    const graph = new ToyGraph();
    const { sockets, url } = await serve(graph);
    const remote = connect(url, { idleMs: 1 });
    const stream = await open(remote);
    await opened(graph, 1);
    await stream.return?.();
    await eventually(() => expect(sockets[0]?.readyState).toBe(3));
    await open(remote);
    await opened(graph, 1);
    expect(sockets).toHaveLength(2);
  });

  it('ends what is open when it is closed, and opens nothing more', async () => {
    const graph = new ToyGraph();
    const { url } = await serve(graph);
    const remote = connect(url);
    const stream = await open(remote);
    await opened(graph, 1);
    const waiting = stream.next();
    remote.close();
    await expect(waiting).rejects.toMatchObject(LOST);
    await opened(graph, 0);
    await expect(remote.subscribeAt(TICKS)).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
  });

  it('can be closed while it connects', async () => {
    const { server, url } = await listen();
    const remote = connect(url);
    const stream = await open(remote);
    remote.close();
    await expect(stream.next()).rejects.toMatchObject(LOST);
    await eventually(() => expect(server.clients.size).toBe(0));
  });

  it('says that a subgraph without an address, or that does not listen, is unavailable', async () => {
    await expect(connect(undefined).subscribeAt(TICKS)).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    const { server, url } = await listen();
    await new Promise((resolve) => server.close(resolve));
    await expect((await open(connect(url))).next()).rejects.toMatchObject(LOST);
  });

  it('gives up a subgraph that accepts the connection and never answers', async () => {
    const { url } = await listen();
    await expect((await open(connect(url, { connectTimeoutMs: 20 }))).next()).rejects.toMatchObject(LOST);
  });

  it('gives up a subgraph that stops answering', async () => {
    const { server, url } = await listen();
    server.on('connection', (socket) => {
      socket.on('message', (message) => {
        const { type, id } = JSON.parse(String(message));
        if (type === 'connection_init') socket.send(JSON.stringify({ type: 'connection_ack' }));
        if (type === 'subscribe')
          socket.send(JSON.stringify({ id, type: 'next', payload: { data: { ticks: { n: 1 } } } }));
      });
    });
    const stream = await open(connect(url, { keepAliveMs: 20 }));
    expect((await stream.next()).value).toEqual({ data: { ticks: { n: 1 } } });
    await expect(stream.next()).rejects.toMatchObject(LOST);
  });

  it('unsubscribes from a subgraph that sends more than is read', async () => {
    const graph = new ToyGraph();
    const { url } = await serve(graph);
    const stream = await open(connect(url), { maxQueued: 3 });
    await opened(graph, 1);
    for (let n = 1; n <= 5; n += 1) graph.publish('ticks', { n } satisfies Root);
    await opened(graph, 0);
    const numbers = [];
    for (let index = 0; index < 3; index += 1) numbers.push((await stream.next()).value.data.ticks.n);
    expect(numbers).toEqual([1, 2, 3]);
    await expect(stream.next()).rejects.toMatchObject(LOST);
  });
});
