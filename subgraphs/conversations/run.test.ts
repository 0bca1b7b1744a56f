import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun, SEND_MESSAGE, sendMessage } from '#test/support/room-call';
import { isFinal, type RoomEvent, RoomReader } from '#test/support/room-reader';
import { ScriptedModel } from '#test/support/scripted-model';
import type { Person, SeededAgent, SeededRoom } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';
import { auditRoom } from '#test/support/stream-audit';

const CANCEL = 'mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id state } } }';

describe('runs', { timeout: 60_000 }, () => {
  let test: TestServer;
  let model: ScriptedModel;
  let olga: Person;
  let max: Person;
  let ada: SeededAgent;
  let offline: SeededAgent;

  /** A room with somebody in it who sees everything. */
  const enter = async (agent: SeededAgent) => {
    const room = await test.seed.room(olga, { agents: [agent], people: [max] });
    return { ...room, reader: new RoomReader(olga.client, room.id, room.cursor) };
  };
  const leave = async ({ id, cursor, reader }: SeededRoom & { reader: RoomReader }) => {
    await reader.close();
    await auditRoom(test.pool(), id, reader.events, cursor);
  };
  const ended = (runId: string | undefined) => (event: RoomEvent) => isFinal(event) && event.run?.id === runId;
  const cancel = async (person: Person, runId: string | undefined) =>
    (await person.client.request<{ cancelRun: { run: { state: string } } }>(CANCEL, { input: { runId } })).cancelRun.run
      .state;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    test = await startTestServer(model.variables);
    olga = await test.seed.owner('Olga');
    max = await test.seed.member(olga, 'MEMBER', 'Max');
    ada = await test.seed.agent(olga, { name: 'Ada', model: model.modelId });
    offline = await test.seed.agent(olga, { name: 'Off', model: 'offline/parley' });
  }, 120_000);

  afterAll(() => model?.stop());

  it('of one room begin one after the other, in the order of the messages', async () => {
    const room = await enter(offline);
    const sent: (string | undefined)[] = [];
    for (const text of ['repeat one', 'repeat two', 'repeat three']) {
      sent.push((await sendMessage(olga.client, room.id, text)).run?.id);
    }
    await room.reader.until(ended(sent[2]));
    const states = room.reader.events.flatMap(({ run }) => (run ? [`${sent.indexOf(run.id)} ${run.state}`] : []));
    expect(states.filter((state) => !state.endsWith('QUEUED'))).toEqual(
      [0, 1, 2].flatMap((n) => [`${n} RUNNING`, `${n} SUCCEEDED`]),
    );
    await leave(room);
  });

  it('of messages sent at the same moment by several people never overlap', async () => {
    const room = await enter(offline);
    const sent = await Promise.all(
      Array.from({ length: 12 }, (_, n) => sendMessage((n % 2 ? olga : max).client, room.id, `repeat ${n}`)),
    );
    await room.reader.until(() => sent.every(({ run }) => room.reader.events.some(ended(run?.id))), 50_000);
    let running: string | null = null;
    for (const { run } of room.reader.events) {
      if (!run || run.state === 'QUEUED') continue;
      if (run.state === 'RUNNING') {
        expect(running).toBeNull();
        running = run.id;
      } else {
        expect(run.id).toBe(running);
        running = null;
      }
    }
    await leave(room);
  });

  it('are refused with CONFLICT in a busy room where the message says REJECT', async () => {
    const room = await enter(ada);
    const held = model.held('Wait');
    model.next(held.play);
    const first = await sendMessage(olga.client, room.id, 'Hello');
    await room.reader.until(({ __typename }) => __typename === 'MessageDelta');
    const input = { conversationId: room.id, text: 'Now!', whenBusy: 'REJECT' };
    expect((await olga.client.refusal(SEND_MESSAGE, { input })).extensions.code).toBe('CONFLICT');
    held.finish(' a bit.');
    await room.reader.until(ended(first.run?.id));
    const second = await sendMessage(olga.client, room.id, 'Now!', { whenBusy: 'REJECT' });
    await room.reader.until(ended(second.run?.id));
    expect(room.reader.events.filter(({ message }) => message?.text === 'Now!')).toHaveLength(1);
    await leave(room);
  });

  it('are cut short by a message that interrupts, with what they had and what it cost', async () => {
    const room = await enter(ada);
    model.next(model.held('So far').play);
    const first = await sendMessage(olga.client, room.id, 'Hello');
    await room.reader.until(({ __typename }) => __typename === 'MessageDelta');
    const waiting = await sendMessage(olga.client, room.id, 'And then?');
    const third = await sendMessage(max.client, room.id, 'Stop, something else', { whenBusy: 'INTERRUPT' });
    await room.reader.until(ended(third.run?.id));
    const stateOf = (runId: string | undefined) => room.reader.events.find(ended(runId))?.run?.state;
    expect([first, waiting, third].map(({ run }) => stateOf(run?.id))).toEqual(['CANCELLED', 'CANCELLED', 'SUCCEEDED']);
    const cut = room.reader.events.find(({ message }) => message?.status === 'CANCELLED')?.message;
    expect(cut?.text).toBe('So far');
    await leave(room);
  });

  it('are cancelled at once while they wait, and what waits behind them goes on', async () => {
    const room = await enter(ada);
    const held = model.held('Busy');
    model.next(held.play);
    const first = await sendMessage(olga.client, room.id, 'one');
    const second = await sendMessage(olga.client, room.id, 'two');
    const third = await sendMessage(olga.client, room.id, 'three');
    await room.reader.until(({ __typename }) => __typename === 'MessageDelta');
    expect(await cancel(max, second.run?.id)).toBe('CANCELLED');
    expect(await readRun(olga.client, second.run?.id ?? '')).toMatchObject({ state: 'CANCELLED', attempt: 0 });
    held.finish('.');
    await room.reader.until(ended(third.run?.id));
    expect(room.reader.events.find(ended(first.run?.id))?.run?.state).toBe('SUCCEEDED');
    await leave(room);
  });

  it('are cancelled while they are worked on: the text so far and the counts are kept', async () => {
    const room = await enter(offline);
    const { run } = await sendMessage(olga.client, room.id, 'write 2000 words');
    await room.reader.until(
      () => room.reader.events.filter(({ __typename }) => __typename === 'MessageDelta').length > 5,
    );
    expect(['RUNNING', 'CANCELLED']).toContain(await cancel(olga, run?.id));
    const final = await room.reader.until(ended(run?.id));
    expect(final.run).toMatchObject({ state: 'CANCELLED', error: null, attempt: 1 });
    const message = room.reader.events.find(({ __typename }) => __typename === 'MessageCompleted')?.message;
    expect(message?.status).toBe('CANCELLED');
    expect(message?.text.length).toBeGreaterThan(0);
    expect(final.run?.usage?.outputTokens).toBeGreaterThan(0);
    await leave(room);
  });

  it('stay as they are when they are cancelled after their end', async () => {
    const room = await enter(offline);
    const { run } = await sendMessage(olga.client, room.id, 'hello');
    await room.reader.until(ended(run?.id));
    const before = await readRun(olga.client, run?.id ?? '');
    expect(await cancel(olga, run?.id)).toBe('SUCCEEDED');
    expect(await readRun(olga.client, run?.id ?? '')).toEqual(before);
    await leave(room);
  });

  it('do not exist for others, and those who only read do not cancel them', async () => {
    const room = await enter(offline);
    const { run } = await sendMessage(olga.client, room.id, 'hello');
    const [stranger, vera] = [await test.seed.owner('Stranger'), await test.seed.member(olga, 'VIEWER', 'Vera')];
    for (const person of [stranger, vera]) expect(await readRun(person.client, run?.id ?? '')).toBeNull();
    const input = { runId: run?.id };
    expect((await stranger.client.refusal(CANCEL, { input })).extensions.code).toBe('NOT_FOUND');
    expect((await vera.client.refusal(CANCEL, { input })).extensions.code).toBe('FORBIDDEN');
    expect((await olga.client.refusal(CANCEL, { input: { runId: 'nonsense' } })).extensions.code).toBe('NOT_FOUND');
    await room.reader.until(ended(run?.id));
    await leave(room);
  });

  it('end with words for people where the agent is gone', async () => {
    const gone = await test.seed.agent(olga, { name: 'Gone', model: 'offline/parley' });
    const room = await enter(gone);
    await olga.client.request(
      'mutation ($input: ArchiveAgentInput!) { archiveAgent(input: $input) { agent { id } } }',
      {
        input: { agentId: gone.id },
      },
    );
    const { run } = await sendMessage(olga.client, room.id, 'hello');
    const final = await room.reader.until(ended(run?.id));
    expect(final.run).toMatchObject({ state: 'FAILED', error: { code: 'AGENT_UNAVAILABLE', retryable: false } });
    await leave(room);
  });

  it('can be followed again from each of their events: everything after it once, in order', async () => {
    const room = await enter(offline);
    const { run } = await sendMessage(olga.client, room.id, 'write 40 words');
    await room.reader.until(ended(run?.id));
    const { events } = room.reader;
    const cursors = [room.cursor, ...events.map(({ cursor }) => cursor)];
    for (let begin = 0; begin < events.length; begin += 20) {
      await Promise.all(
        cursors.slice(begin, Math.min(begin + 20, events.length)).map(async (cursor, offset) => {
          const reader = new RoomReader(olga.client, room.id, cursor);
          await reader.until(ended(run?.id));
          expect(reader.events).toEqual(events.slice(begin + offset));
          await reader.close();
        }),
      );
    }
    const quiet = new RoomReader(olga.client, room.id, cursors.at(-1) ?? null);
    await quiet.close();
    expect(quiet.events).toEqual([]);
    await leave(room);
  });

  it('are not to be followed from what is no cursor of an event', async () => {
    const room = await test.seed.room(olga);
    for (const after of ['', 'nonsense', 'WyJtIiwiMSJd', 'WyJlIiwiLTEiXQ']) {
      const reader = new RoomReader(olga.client, room.id, after);
      await reader.untilEnded();
      expect(reader.error).toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after', message: expect.any(String) }] } },
      ]);
      await reader.close();
    }
  });
});
