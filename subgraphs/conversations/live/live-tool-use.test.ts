import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LiveServer } from '#core/model/live-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import type { Person, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { LiveCaller } from './live-caller.fixture.ts';

describe('an agent that is talked with', () => {
  let live: LiveServer;
  let test: TestServer;
  let owner: Person;

  beforeAll(async () => {
    live = await LiveServer.start();
    atFileEnd(() => live.stop());
    test = await startTestServer(live.variables);
    owner = await test.seed.owner();
  }, 120_000);

  beforeEach(() => live.reset());

  const TOOLS = ['current_time', 'memory_write', 'send_request', 'calculator'].map((name) => ({
    name,
    ...(name === 'calculator' && { approval: { rule: 'ALWAYS' } }),
  }));

  const talk = async (work: (caller: LiveCaller, room: SeededRoom, agentId: string) => Promise<void>) => {
    const agent = await test.seed.agent(owner, { model: 'offline/parley', tools: TOOLS });
    const room = await test.seed.room(owner, { agents: [agent] });
    const caller = await LiveCaller.start(owner.client, room.id);
    try {
      await work(caller, room, agent.id);
    } finally {
      await caller.end().catch(() => {});
      await caller.leave();
    }
  };

  const memory = async (agentId: string) => {
    const { rows } = await test
      .pool()
      .query<{ label: string; value: string; revision: number }>(
        'select label, value, revision from memory_blocks where subject_id = $1',
        [agentId],
      );
    return rows;
  };

  const NOTE = '{"operation":"append","scope":"own","label":"notes","text":"Likes tea."}';

  it('has those of its tools that a session can do with, and uses them', () =>
    talk(async (caller, _, agentId) => {
      await caller.say(`Keep it: [call memory_write ${NOTE}]`);
      await caller.untilTurn(1);
      const setup = live.wires[0]?.setup as { tools?: { functionDeclarations: { name: string }[] }[] } | undefined;
      const declared = setup?.tools?.[0]?.functionDeclarations.map(({ name }) => name);
      expect(declared?.sort()).toEqual(['current_time', 'memory_write']);
      expect(caller.of('LiveToolCall')).toMatchObject([{ turn: 1, name: 'memory_write', arguments: JSON.parse(NOTE) }]);
      expect(caller.of('LiveToolResult')).toMatchObject([{ turn: 1, isError: false, result: { revision: 1 } }]);
      expect(await memory(agentId)).toEqual([{ label: 'notes', value: 'Likes tea.', revision: 1 }]);

      await caller.say('And [call send_request {"url":"http://127.0.0.1"}]');
      await caller.untilTurn(2);
      expect(caller.of('LiveToolResult').at(-1)).toMatchObject({ isError: true, result: { error: 'UNKNOWN_TOOL' } });
    }));

  it('is told what it remembers', () =>
    talk(async (first, room) => {
      await first.say(`Keep it: [call memory_write ${NOTE}]`);
      await first.untilTurn(1);
      await first.end();
      const second = await LiveCaller.start(owner.client, room.id);
      await second.say('Hello');
      await second.untilTurn(1);
      await second.end();
      await second.leave();
      expect(JSON.stringify(live.wires.at(-1)?.setup)).toContain('Likes tea.');
    }));

  it('does the same once where its turn is lost and begins again', () =>
    talk(async (caller, _, agentId) => {
      await caller.say(`Keep it: [call memory_write ${NOTE}] [hold]`);
      await caller.until(({ __typename }) => __typename === 'LiveToolResult');
      await expect.poll(() => live.holding).toBe(1);
      live.drop();
      await caller.until(({ __typename }) => __typename === 'LiveTurnRestarted');
      await expect.poll(() => caller.of('LiveToolResult').length).toBe(2);
      await expect.poll(() => live.holding).toBe(1);
      live.release();
      await caller.untilTurn(1);
      expect(await memory(agentId)).toEqual([{ label: 'notes', value: 'Likes tea.', revision: 1 }]);
    }));
});
