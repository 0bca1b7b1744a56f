import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasRedisServer } from '#core/job/redis-server.fixture';
import { LiveServer } from '#core/model/live-server.fixture';
import { LiveCaller, pcm, readMessages } from '#subgraphs/conversations/live/live-caller.fixture';
import { TestClient } from '#test/support/client';
import { type Person, Seed, type SeededAgent, type SeededRoom } from '#test/support/seed';
import { type Installation, openInstallation } from './installation.fixture.ts';
import type { ParleyProcess } from './parley-process.fixture.ts';

// Each test starts whole servers, which takes long where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

const WITHIN_MS = 60_000;

describe.runIf(hasRedisServer())('a live session whose process is lost', () => {
  let live: LiveServer;
  let installation: Installation;
  let worker: ParleyProcess;
  let seed: Seed;
  let owner: Person;
  let agent: SeededAgent;
  let room: SeededRoom;
  let caller: LiveCaller;

  const startWorker = () => installation.start('worker', live.variables);

  beforeAll(async () => {
    [live, installation] = await Promise.all([LiveServer.start(), openInstallation()]);
    const [front, first] = await Promise.all([
      installation.start('gateway,identity,agents,conversations,tasks,rules,events', live.variables),
      startWorker(),
    ]);
    worker = first;
    seed = new Seed(new TestClient(front.url()));
    owner = await seed.owner();
    agent = await seed.agent(owner, { model: 'offline/parley' });
  }, 180_000);

  afterAll(async () => {
    await seed?.close();
    await installation?.close();
    await live?.stop();
  }, 60_000);

  beforeEach(async () => {
    live.reset();
    room = await seed.room(owner, { agents: [agent] });
    caller = await LiveCaller.start(owner.client, room.id);
    await caller.say('Remember me');
    await caller.untilTurn(1, WITHIN_MS);
  });

  /** Kills the worker that holds the session, beside one that has just started. */
  const lose = async (signal: NodeJS.Signals) => {
    const next = await startWorker();
    await worker.end(signal);
    worker = next;
  };

  /** As a client does that is told to try again. */
  const sendUntilTaken = async (sequence: number, input: Record<string, unknown>) => {
    for (const deadline = Date.now() + WITHIN_MS; ; ) {
      try {
        return await caller.sendAs(sequence, input);
      } catch (error) {
        if (!String(error).includes('UNAVAILABLE') || Date.now() > deadline) throw error;
      }
    }
  };

  const texts = async () => (await readMessages(owner.client, room.id)).map(({ text }) => text.trim());

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'in the middle of an answer, by %s, begins the turn again elsewhere',
    async (signal) => {
      await caller.say('One two three [hold]');
      // Four pieces of the first turn, and two up to where the answer stops.
      await caller.until(({ __typename, index }) => __typename === 'LiveAudio' && index === 5, WITHIN_MS);
      await lose(signal);
      await caller.until(({ __typename, resumed }) => __typename === 'LiveReady' && resumed === true, WITHIN_MS);
      await expect.poll(() => live.wires.length).toBe(2);
      await expect.poll(() => live.holds(2)).toBe(true);
      live.release();
      await caller.untilTurn(2, WITHIN_MS);
      expect(live.wires[1]?.resumed).toEqual(['user: Remember me', 'model: I heard: Remember me']);
      expect(caller.of('LiveTurnRestarted')).toMatchObject([{ turn: 2 }]);
      expect(caller.heard(2)).toMatchObject({
        words: 'I heard: One two three [hold]',
        audio: 'I heard: One two three [hold]',
      });
      const indexes = caller.of('LiveAudio').map(({ index }) => index);
      expect(indexes).toEqual(indexes.map((_, index) => index));
      expect(await texts()).toEqual([
        'Remember me',
        'I heard: Remember me',
        'One two three [hold]',
        'I heard: One two three [hold]',
      ]);
      expect(caller.error).toBeNull();
      await caller.end();
      await caller.leave();
    },
  );

  it('that was asleep, and wakes to find it taken over, writes nothing more', async () => {
    await caller.say('One two three [hold]');
    await caller.until(({ __typename, index }) => __typename === 'LiveAudio' && index === 5, WITHIN_MS);
    const asleep = worker;
    worker = await startWorker();
    asleep.signal('SIGSTOP');
    await caller.until(({ __typename, resumed }) => __typename === 'LiveReady' && resumed === true, WITHIN_MS);
    await expect.poll(() => live.holding).toBe(2);
    asleep.signal('SIGCONT');
    // Both hear the rest of the answer, each on its own socket.
    live.release();
    await caller.untilTurn(2, WITHIN_MS);
    await expect.poll(() => live.open, { timeout: 20_000 }).toBe(1);
    await caller.say('And?');
    await caller.untilTurn(3, WITHIN_MS);
    expect(await texts()).toEqual([
      'Remember me',
      'I heard: Remember me',
      'One two three [hold]',
      'I heard: One two three [hold]',
      'And?',
      'I heard: And?',
    ]);
    expect(await caller.read()).toMatchObject({ turns: 3, usage: { totalTokens: 3 * 34 } });
    await asleep.end('SIGTERM');
    await caller.end();
    await caller.leave();
  });

  it('goes on where Redis, which brings the input, was lost for a while', async () => {
    await installation.redis.kill();
    const sent = caller.say('Are you there?').then(
      () => true,
      (error: unknown) => String(error).includes('UNAVAILABLE'),
    );
    await installation.redis.start();
    expect(await sent).toBe(true);
    await sendUntilTaken(2, { text: 'Are you there?', endOfTurn: true });
    await caller.untilTurn(2, WITHIN_MS);
    expect(await texts()).toEqual(['Remember me', 'I heard: Remember me', 'Are you there?', 'I heard: Are you there?']);
    await caller.end();
    await caller.leave();
  });

  it('in the middle of what is said to it hears all of it', async () => {
    const pieces = ['This is ', 'said in ', 'several ', 'pieces. '];
    await caller.sendAs(2, { audio: pcm(pieces[0] ?? '') });
    await caller.sendAs(3, { audio: pcm(pieces[1] ?? '') });
    await lose('SIGKILL');
    await sendUntilTaken(4, { audio: pcm(pieces[2] ?? '') });
    // Taken, though nobody knows here: it is repeated.
    expect(await caller.sendAs(3, { audio: pcm(pieces[1] ?? '') })).toEqual({ sequence: 3, duplicate: true });
    await sendUntilTaken(5, { audio: pcm(pieces[3] ?? '') });
    await caller.sendAs(6, { endOfTurn: true });
    await caller.untilTurn(2, WITHIN_MS);
    expect(caller.heard(2).understood).toBe(pieces.join(''));
    expect(await texts()).toEqual([
      'Remember me',
      'I heard: Remember me',
      pieces.join('').trim(),
      `I heard: ${pieces.join('').trim()}`,
    ]);
    await caller.end();
    await caller.leave();
  });
});
