import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Bus } from '#core/bus/bus';
import { createMemoryBus } from '#core/bus/memory-bus';
import { PresenceHub } from './presence-hub.ts';
import type { Presence } from './room-state.ts';

const TIMINGS = { beatMs: 50, forgetMs: 300, typingMs: 400, answerMs: 20 };
const [ROOM, OTHER_ROOM] = ['room', 'other'];

describe('presence over several processes', () => {
  const opened: PresenceHub[] = [];

  afterEach(() => {
    for (const hub of opened.splice(0)) hub.close();
  });

  const process = (bus: Bus, id: string) => {
    const hub = new PresenceHub(bus, id, TIMINGS);
    opened.push(hub);
    return hub;
  };

  /** What somebody who watches a room was shown, and a wait for what he is to be shown. */
  const watch = (hub: PresenceHub, room = ROOM) => {
    const shown: Presence[] = [];
    const stop = hub.watch(room, (presence) => shown.push(presence));
    const until = async (here: string[], typing: string[] = []) => {
      const wanted = JSON.stringify({ here, typing });
      for (let waited = 0; JSON.stringify(shown.at(-1)) !== wanted; waited += 5) {
        if (waited > 5_000) throw new Error(`Shown: ${JSON.stringify(shown)}`);
        await sleep(5);
      }
    };
    return { shown, stop, until };
  };

  it('begins with who is there, wherever they came in, and goes on with who comes and goes', async () => {
    const bus = createMemoryBus();
    const [a, b] = [process(bus, 'a'), process(bus, 'b')];
    const leaveAda = a.attend(ROOM, 'ada');
    a.attend(OTHER_ROOM, 'cleo');
    const { shown, until } = watch(b);
    await until(['ada']);
    expect(shown).toHaveLength(1);
    const leaveBob = b.attend(ROOM, 'bob');
    await until(['ada', 'bob']);
    leaveAda();
    await until(['bob']);
    leaveBob();
    await until([]);
  });

  it('counts somebody once and for as long as one of his subscriptions is open, in whichever process', async () => {
    const bus = createMemoryBus();
    const [a, b] = [process(bus, 'a'), process(bus, 'b')];
    const { shown, until } = watch(a);
    const leaves = [a.attend(ROOM, 'ada'), a.attend(ROOM, 'ada'), b.attend(ROOM, 'ada')];
    await until(['ada']);
    leaves[0]?.();
    leaves[0]?.();
    leaves[1]?.();
    await sleep(TIMINGS.forgetMs * 2);
    expect(shown.at(-1)?.here).toEqual(['ada']);
    leaves[2]?.();
    await until([]);
  });

  it('ends typing by itself, unless it is said again, and at once where it is taken back anywhere', async () => {
    const bus = createMemoryBus();
    const [a, b] = [process(bus, 'a'), process(bus, 'b')];
    const { until } = watch(a);
    await until([]);
    // The process that is told need not have anybody in the room.
    expect(b.type(ROOM, 'ada', true)).toBe(TIMINGS.typingMs);
    await until([], ['ada']);
    const late = watch(process(bus, 'c'));
    await late.until([], ['ada']);
    await until([]);
    await late.until([]);
    b.type(ROOM, 'ada', true);
    await until([], ['ada']);
    expect(a.type(ROOM, 'ada', false)).toBe(0);
    await until([]);
    await late.until([]);
  });

  it('forgets a process that has died, and not one whose messages were lost for a moment', async () => {
    const bus = createMemoryBus();
    let cut = false;
    const line: Bus = {
      ...bus,
      publish: (channel, message) => {
        if (!cut) bus.publish(channel, message);
      },
    };
    const [alive, dying] = [process(bus, 'alive'), process(line, 'dying')];
    const { shown, until } = watch(alive);
    dying.attend(ROOM, 'ada');
    await until(['ada']);
    cut = true;
    await sleep(TIMINGS.beatMs * 2);
    cut = false;
    await sleep(TIMINGS.forgetMs * 2);
    expect(shown.at(-1)).toEqual({ here: ['ada'], typing: [] });
    cut = true;
    await until([]);
  });

  it('tells of those of a process that is stopped that they are gone', async () => {
    const bus = createMemoryBus();
    const [a, b] = [process(bus, 'a'), process(bus, 'b')];
    const { until } = watch(a);
    b.attend(ROOM, 'bob');
    await until(['bob']);
    b.close();
    await until([]);
  });

  it('leaves nothing behind for rooms in which nobody is any more', async () => {
    const bus = createMemoryBus();
    const channels = new Set<string>();
    const counted: Bus = {
      ...bus,
      async subscribe(channel, listener) {
        channels.add(channel);
        const leave = await bus.subscribe(channel, listener);
        return () => {
          channels.delete(channel);
          leave();
        };
      },
    };
    const hub = process(counted, 'a');
    const { stop } = watch(hub);
    const leave = hub.attend(ROOM, 'ada');
    hub.type(OTHER_ROOM, 'ada', true);
    expect(channels.size).toBe(2);
    stop();
    leave();
    for (let waited = 0; channels.size > 0 && waited < 5_000; waited += 5) await sleep(5);
    expect([...channels]).toEqual([]);
  });
});
