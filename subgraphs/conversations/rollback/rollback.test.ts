import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '#test/support/room-call';
import { holdRoom } from '#test/support/room-gate';
import { EVENT_FIELDS, isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { auditRoom } from '#test/support/stream-audit';

const FIELDS = `${EVENT_FIELDS} ... on RunRolledBack {
  takenBack: run { id state rollback { at by { id } } }
}`;

const LOOK = `query ($room: ID!, $run: ID!) {
  conversation(id: $room) { messages(last: 50) { nodes { text status rolledBackAt } } }
  run(id: $run) { state error { code } rollback { at by { id name } sideEffects { name state input } } }
}`;

interface Look {
  conversation: { messages: { nodes: { text: string; status: string; rolledBackAt: string | null }[] } };
  run: {
    state: string;
    error: { code: string } | null;
    rollback: { by: { name: string }; sideEffects: { name: string; state: string; input: unknown }[] } | null;
  };
}

describe('a message that takes back what is under way', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;

  type Room = SeededRoom & { reader: RoomReader };
  const enter = async (agent = ada): Promise<Room> => {
    const room = await test.seed.room(olga, { agents: [agent], people: [max] });
    return { ...room, reader: new RoomReader(olga.client, room.id, room.cursor, FIELDS) };
  };
  const leave = async ({ id, cursor, reader }: Room) => {
    await reader.close();
    await auditRoom(test.pool(), id, reader.events, cursor);
  };
  const ended = (runId: string | undefined) => (event: RoomEvent) => isFinal(event) && event.run?.id === runId;
  const rollBack = (room: Room, text: string, person = max) =>
    sendMessage(person.client, room.id, text, { whenBusy: 'ROLLBACK' });
  const look = (room: Room, run: string | undefined) => olga.client.request<Look>(LOOK, { room: room.id, run });
  const lastPrompt = () => JSON.stringify(model.calls.at(-1)?.body);

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    const ask = { rule: 'ALWAYS' };
    ada = await test.seed.agent(olga, {
      name: 'Ada',
      model: model.modelId,
      tools: [{ name: 'current_time', approval: ask }],
    });
  }, 120_000);

  afterAll(() => model?.stop());

  it('cancels it, marks what it wrote, and keeps it from the models', async () => {
    const room = await enter();
    model.next(model.answer('Welcome.'), model.held('A wrong beginning').play);
    const welcome = await sendMessage(olga.client, room.id, 'Hello');
    await room.reader.until(ended(welcome.run?.id));
    const first = await sendMessage(olga.client, room.id, 'Tell me about cats');
    await room.reader.until(({ text }) => text === 'A wrong beginning');
    const behind = await sendMessage(olga.client, room.id, 'And about mice');
    const second = await rollBack(room, 'No, about dogs');
    await room.reader.until(ended(second.run?.id));

    expect(lastPrompt()).not.toContain('A wrong beginning');
    for (const said of ['Welcome.', 'cats', 'mice', 'dogs']) expect(lastPrompt()).toContain(said);
    const seen = await look(room, first.run?.id);
    expect(seen.run).toMatchObject({
      state: 'CANCELLED',
      error: null,
      rollback: { by: { name: 'Max' }, sideEffects: [] },
    });
    expect(seen.conversation.messages.nodes.map(({ text, rolledBackAt }) => [text, rolledBackAt !== null])).toEqual([
      ['Hello', false],
      ['Welcome.', false],
      ['Tell me about cats', false],
      ['A wrong beginning', true],
      ['And about mice', false],
      ['No, about dogs', false],
      ['Fine.', false],
    ]);
    expect((await look(room, behind.run?.id)).run).toMatchObject({ state: 'CANCELLED', rollback: { sideEffects: [] } });
    expect((await look(room, second.run?.id)).run.rollback).toBeNull();
    const told = room.reader.events.flatMap((event) => (event as { takenBack?: object }).takenBack ?? []);
    const rollback = { at: expect.any(String), by: { id: max.id } };
    expect(told).toEqual([
      { id: first.run?.id, state: 'RUNNING', rollback },
      { id: behind.run?.id, state: 'CANCELLED', rollback },
    ]);

    const found = await olga.client.request<{ searchMessages: { nodes: { text: string }[] } }>(
      '{ searchMessages(query: "beginning OR dogs", first: 10) { nodes { text } } }',
    );
    expect(found.searchMessages.nodes.map(({ text }) => text)).toEqual(['No, about dogs']);

    const retry = 'mutation ($id: ID!) { retryRun(input: {runId: $id}) { run { id } } }';
    expect((await olga.client.refusal(retry, { id: first.run?.id })).extensions.code).toBe('CONFLICT');
    await leave(room);
  });

  it('is an ordinary one where nothing is under way', async () => {
    const room = await enter();
    const first = await sendMessage(olga.client, room.id, 'Hello');
    await room.reader.until(ended(first.run?.id));
    const second = await rollBack(room, 'And now?');
    await room.reader.until(ended(second.run?.id));
    expect((await look(room, first.run?.id)).run).toMatchObject({ state: 'SUCCEEDED', rollback: null });
    await leave(room);
  });

  it('wins against an answer that comes to its end behind it, and loses against one before it', async () => {
    const room = await enter();
    const late = model.held('Too');
    model.next(late.play);
    const first = await sendMessage(olga.client, room.id, 'one');
    await room.reader.until(({ text }) => text === 'Too');
    const gate = await holdRoom(test.pool(), room.id);
    const taking = rollBack(room, 'two');
    await gate.waiting(1);
    late.finish(' late.');
    await gate.waiting(2);
    await gate.release();
    const second = await taking;
    await room.reader.until(ended(second.run?.id));
    expect((await look(room, first.run?.id)).run).toMatchObject({
      state: 'CANCELLED',
      rollback: { by: { name: 'Max' } },
    });
    expect(lastPrompt()).not.toContain('Too');

    const early = model.held('In');
    model.next(early.play);
    const third = await sendMessage(olga.client, room.id, 'three');
    await room.reader.until(({ text }) => text === 'In');
    const again = await holdRoom(test.pool(), room.id);
    early.finish(' time.');
    await again.waiting(1);
    const behind = rollBack(room, 'four');
    await again.waiting(2);
    await again.release();
    await room.reader.until(ended((await behind).run?.id));
    expect((await look(room, third.run?.id)).run).toMatchObject({ state: 'SUCCEEDED', rollback: null });
    expect(lastPrompt()).toContain('In time.');
    await leave(room);
  });

  it('ends one that begins to wait for a person at that very moment', async () => {
    const room = await enter();
    let call: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      call = resolve;
    });
    model.next((response, request) => {
      void asked.then(() => model.callTools(['current_time', {}])(response, request));
    });
    const calls = model.calls.length;
    const first = await sendMessage(olga.client, room.id, 'What time is it?');
    while (model.calls.length === calls) await new Promise((resolve) => setTimeout(resolve, 20));
    const gate = await holdRoom(test.pool(), room.id);
    const taking = rollBack(room, 'Never mind');
    await gate.waiting(1);
    call();
    await gate.waiting(2);
    await gate.release();
    await room.reader.until(ended((await taking).run?.id));
    expect((await look(room, first.run?.id)).run).toMatchObject({ state: 'CANCELLED', rollback: { sideEffects: [] } });
    await leave(room);
  });

  it('tells people and models of what tools did, which stays', async () => {
    const mailer = await test.seed.agent(olga, {
      name: 'Mia',
      model: model.modelId,
      tools: [{ name: 'current_time' }],
    });
    const room = await enter(mailer);
    model.next(model.callTools(['current_time', { timeZone: 'UTC' }]), model.held('I have sent').play);
    const first = await sendMessage(olga.client, room.id, 'Write to Bob');
    await room.reader.until(({ text }) => text === 'I have sent');
    // A tool that this installation has no more: nobody knows what it did.
    await test.pool().query("update steps set name = 'send_mail' where run_id = $1 and kind = 'TOOL'", [first.run?.id]);
    const second = await rollBack(room, 'To Carl, I meant');
    await room.reader.until(ended(second.run?.id));
    expect((await look(room, first.run?.id)).run.rollback?.sideEffects).toEqual([
      { name: 'send_mail', state: 'SUCCEEDED', input: { timeZone: 'UTC' } },
    ]);
    expect(lastPrompt()).not.toContain('I have sent');
    expect(lastPrompt()).toMatch(/send_mail\(.*timeZone.*To Carl, I meant/);
    await leave(room);
  });
});
