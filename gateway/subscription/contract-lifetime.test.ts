import type { ExecutionResult } from 'graphql';
import { GraphQLError } from 'graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delta, messageAdded } from './toy-event.fixture.ts';
import { eventually, only, SDL, ToyGateway, TRANSPORTS, take } from './toy-gateway.fixture.ts';

const CURSORS = 'subscription { roomEvents(roomId: "r1") { cursor } }';
const NICKS =
  'subscription { roomEvents(roomId: "r1") { cursor ... on MessageAdded { message { author { nick } } } } }';
const SCORES = 'subscription { roomEvents(roomId: "r1") { cursor ... on MessageAdded { message { score } } } }';

const DONE = { value: undefined, done: true };
const LOST = { extensions: { code: 'UNAVAILABLE', resumable: true } };

describe.each(TRANSPORTS)('the life of a stream over the %s transport', (transport) => {
  let gateway: ToyGateway;
  beforeEach(async () => {
    gateway = await ToyGateway.start(transport);
  });
  afterEach(() => gateway.close());

  const released = () =>
    eventually(() => {
      expect(gateway.graph.topic.size).toBe(0);
      expect(gateway.executor.running).toBe(0);
    });

  it('releases the subgraph when a quiet stream is left, and ends the wait', async () => {
    const stream = await gateway.open(CURSORS);
    const waiting = [stream.next(), stream.next()];
    expect(gateway.graph.topic.size).toBe(1);
    expect(await stream.return?.()).toEqual(DONE);
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    expect(await stream.next()).toEqual(DONE);
    await released();
  });

  it('does the same when the signal is aborted', async () => {
    const abort = new AbortController();
    const stream = (await gateway.subscribe(
      CURSORS,
      {},
      'ann',
      abort.signal,
    )) as AsyncIterableIterator<ExecutionResult>;
    await eventually(() => expect(gateway.graph.topic.size).toBe(1));
    const waiting = stream.next();
    abort.abort();
    expect(await waiting).toEqual(DONE);
    await released();
  });

  it('opens nothing that stays open when the client has left before', async () => {
    const stream = (await gateway.subscribe(CURSORS, {}, 'ann', AbortSignal.abort())) as AsyncIterator<ExecutionResult>;
    expect(await stream.next()).toEqual(DONE);
    await released();
  });

  it('can be left from a for-await loop', async () => {
    const stream = await gateway.open(CURSORS);
    gateway.graph.publish('roomEvents', delta('1'));
    for await (const answer of stream) {
      expect(answer.data).toBeDefined();
      break;
    }
    await released();
  });

  it('does not wait for a pending join when it is left, and aborts it', async () => {
    const stream = await gateway.open(NICKS);
    gateway.delay = () => new Promise(() => {});
    gateway.graph.publish('roomEvents', messageAdded('1'));
    const waiting = stream.next();
    await eventually(() => expect(gateway.fetches).toHaveLength(1));
    await stream.return?.();
    expect(await waiting).toEqual(DONE);
    expect(gateway.fetches[0]?.signal?.aborted).toBe(true);
    await released();
  });

  it('gives what came before the subgraph was done, then completes', async () => {
    const stream = await gateway.open(NICKS);
    gateway.graph.publish('roomEvents', messageAdded('1', 'barbara'));
    const first = take(stream, 1);
    await first;
    gateway.graph.topic.end();
    expect(await stream.next()).toEqual(DONE);
    await released();
  });

  it('ends with the coded error of a source that breaks', async () => {
    const stream = await gateway.open(CURSORS);
    gateway.graph.topic.end(new GraphQLError('Log in again.', { extensions: { code: 'UNAUTHENTICATED' } }));
    await expect(stream.next()).rejects.toMatchObject({
      message: 'Log in again.',
      extensions: { code: 'UNAUTHENTICATED' },
    });
    expect(await stream.next()).toEqual(DONE);
    await released();
  });

  it('masks what a source that breaks says about itself', async () => {
    const stream = await gateway.open(CURSORS);
    const waiting = stream.next();
    gateway.graph.topic.end(new Error('password=hunter2'));
    await expect(waiting).rejects.toMatchObject({ message: 'Something went wrong.', extensions: { code: 'INTERNAL' } });
    await released();
  });

  only(transport, 'remote')(
    'ends with a resumable error when the subgraph is lost, and can be opened again',
    async () => {
      const stream = await gateway.open(NICKS);
      gateway.graph.publish('roomEvents', messageAdded('1', 'barbara'));
      await take(stream, 1);
      const waiting = stream.next();
      gateway.dropUpstream();
      await expect(waiting).rejects.toMatchObject(LOST);
      expect(await stream.next()).toEqual(DONE);
      await released();

      const again = await gateway.open(NICKS);
      gateway.graph.publish('roomEvents', messageAdded('2', 'barbara'));
      expect(await take(again, 1)).toMatchObject([{ data: { roomEvents: { cursor: '2' } } }]);
      expect(gateway.connections).toBe(2);
    },
  );

  it('leaves the other subscriptions alone', async () => {
    const [left, kept] = [await gateway.open(CURSORS), await gateway.open(CURSORS)];
    await left.return?.();
    await eventually(() => expect(gateway.graph.topic.size).toBe(1));
    gateway.graph.publish('roomEvents', delta('1'));
    expect(await take(kept, 1)).toEqual([{ data: { roomEvents: { cursor: '1' } } }]);
  });

  it('goes on with its plan over a reload that keeps its subgraphs', async () => {
    const stream = await gateway.open(NICKS);
    const { scores: _, ...withoutScores } = SDL;
    gateway.reload(withoutScores);
    gateway.graph.publish('roomEvents', messageAdded('1', 'barbara'));
    expect(await take(stream, 1)).toEqual([
      { data: { roomEvents: { cursor: '1', message: { author: { nick: 'bar' } } } } },
    ]);
  });

  it('ends with a resumable error when a reload removes a subgraph of its plan', async () => {
    const [scores, nicks] = [await gateway.open(SCORES), await gateway.open(NICKS)];
    const waiting = scores.next();
    const { scores: _, ...withoutScores } = SDL;
    gateway.reload(withoutScores);
    await expect(waiting).rejects.toMatchObject(LOST);
    expect(await scores.next()).toEqual(DONE);
    await eventually(() => expect(gateway.graph.topic.size).toBe(1));
    expect(gateway.executor.running).toBe(1);

    expect(await gateway.subscribe(SCORES)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    gateway.reload(SDL);
    await gateway.open(SCORES);
    gateway.graph.publish('roomEvents', messageAdded('2', 'barbara'));
    expect(await take(nicks, 1)).toMatchObject([{ data: { roomEvents: { cursor: '2' } } }]);
  });

  it('ends with a resumable error when a reload removes a field of its plan, after the events that it had', async () => {
    const stream = await gateway.open(NICKS);
    let answerJoin = () => {};
    gateway.delay = () =>
      new Promise<void>((resolve) => {
        answerJoin = resolve;
      });
    gateway.graph.publish('roomEvents', messageAdded('1', 'barbara'));
    const waiting = stream.next();
    await eventually(() => expect(gateway.fetches).toHaveLength(1));
    gateway.reload({ ...SDL, people: SDL.people?.replace('nick: String', '') ?? '' });
    answerJoin();
    expect((await waiting).value).toMatchObject({ data: { roomEvents: { cursor: '1' } } });
    await expect(stream.next()).rejects.toMatchObject(LOST);
    await released();
  });
});

describe('a client that leaves while a subgraph is still opening its stream', () => {
  it('waits for nothing, and the stream is released when it comes', async () => {
    const abort = new AbortController();
    let answer: (stream: AsyncIterator<ExecutionResult>) => void = () => {};
    const gateway = await ToyGateway.start('local', {
      subscribeAt: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const opening = gateway.subscribe(CURSORS, {}, 'ann', abort.signal);
    abort.abort();
    const stream = (await opening) as AsyncIterator<ExecutionResult>;
    expect(await stream.next()).toEqual(DONE);
    expect(gateway.executor.running).toBe(0);
    let left = false;
    answer({
      next: () => new Promise(() => {}),
      return: async () => {
        left = true;
        return { value: undefined, done: true };
      },
    });
    await eventually(() => expect(left).toBe(true));
    await gateway.close();
  });
});
