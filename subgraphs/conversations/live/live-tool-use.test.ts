import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LiveServer } from '#core/model/live-server.fixture';
import { atFileEnd } from '#test/support/file-end';
import { sendMessage } from '#test/support/room-call';
import { isFinal, RoomReader } from '#test/support/room-reader';
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

  it('knows what was said before, and what the room is summed up as in place of what is older', async () => {
    const agent = await test.seed.agent(owner, { model: 'offline/parley' });
    const room = await test.seed.room(owner, { agents: [agent] });
    const reader = new RoomReader(owner.client, room.id, room.cursor);
    for (const text of ['My dog is called Walnut', 'My cat is called Hazel']) {
      const { run } = await sendMessage(owner.client, room.id, text);
      await reader.until((event) => isFinal(event) && event.run?.id === run?.id);
    }
    await reader.close();
    await test.pool().query(
      `insert into context_summaries (id, org_id, conversation_id, agent_id, run_id, up_to_message_id, up_to_position,
         fingerprint, covers_from, message_count, folded_tokens, tokens, model, text)
       select gen_random_uuid(), m.org_id, m.conversation_id, $2, gen_random_uuid(), m.id, m.position,
         parley_room_fingerprint(m.org_id, m.conversation_id, m.position), m.created_at, 2, 10, 5, 'offline/parley', 'There is a dog.'
       from messages m where m.conversation_id = $1 order by m.position offset 1 limit 1`,
      [room.id, agent.id],
    );
    const caller = await LiveCaller.start(owner.client, room.id);
    await caller.say('Hello');
    await caller.untilTurn(1);
    await caller.end();
    await caller.leave();
    const told = JSON.stringify(live.wires[0]?.received);
    for (const part of ['There is a dog.', 'called Hazel']) expect(told).toContain(part);
    expect(told).not.toContain('called Walnut');
  });
});
