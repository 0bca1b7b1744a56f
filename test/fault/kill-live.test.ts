import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveServer } from '#core/model/live-server.fixture';
import { LiveCaller, readMessages } from '#subgraphs/conversations/live/live-caller.fixture';
import { createAgent, createRoom } from '../support/room-call.ts';
import { ServerProcess } from '../support/server-process.ts';

let live: LiveServer;
let server: ServerProcess;

beforeAll(async () => {
  live = await LiveServer.start();
  server = await ServerProcess.create(live.variables);
}, 120_000);

afterAll(async () => {
  await server?.remove();
  await live?.stop();
}, 60_000);

describe('a live session in the only process there is', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'goes on after %s and a start, for a client that comes again with its cursor',
    async (signal) => {
      live.reset();
      const client = await server.owner();
      const room = await createRoom(client, [await createAgent(client)]);
      const caller = await LiveCaller.start(client, room.id);
      await caller.say('Remember me');
      await caller.untilTurn(1);
      await caller.say('One two [hold]');
      await caller.until(({ __typename, index }) => __typename === 'LiveAudio' && index === 5);
      await server.end(signal);
      await expect.poll(() => caller.ended, { timeout: 20_000 }).toBe(true);
      await caller.leave();
      await server.start();
      caller.follow(caller.events.at(-1)?.cursor ?? null);
      await expect.poll(() => live.wires.length, { timeout: 40_000 }).toBe(2);
      await expect.poll(() => live.holds(2), { timeout: 20_000 }).toBe(true);
      live.release();
      caller.error = null;
      await caller.untilTurn(2);
      expect(live.wires[1]?.resumed).toEqual(['user: Remember me', 'model: I heard: Remember me']);
      expect(caller.heard(2)).toMatchObject({ words: 'I heard: One two [hold]', audio: 'I heard: One two [hold]' });
      const cursors = caller.events.map(({ cursor }) => cursor);
      expect(new Set(cursors).size).toBe(cursors.length);
      expect((await readMessages(client, room.id)).map(({ text, status }) => [text, status])).toEqual([
        ['Remember me', 'COMPLETE'],
        ['I heard: Remember me', 'COMPLETE'],
        ['One two [hold]', 'COMPLETE'],
        ['I heard: One two [hold]', 'COMPLETE'],
      ]);
      await caller.end();
      await caller.leave();
      await client.close();
    },
    120_000,
  );
});
