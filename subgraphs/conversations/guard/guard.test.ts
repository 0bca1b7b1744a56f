import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPENAI } from '#core/model/dialect.fixture';
import { stream } from '#core/model/fault-server.fixture';
import type { RoomEvent } from '#test/support/room-reader';
import { decisionsOf } from '#test/support/rule-call';
import type { SeededAgent } from '#test/support/seed';
import { TeamStage } from '../orchestration/team.fixture.ts';
import { CARD, createOutputRule, inPieces, KEY, leaksOf, REDACT } from './guard.fixture.ts';

const TEXT = `Pay with ${CARD}, the key is ${KEY}; bye now.`;
const SHOWN = 'Pay with [out], the key is [out]; bye now.';

const whole = (event: RoomEvent) => JSON.stringify({ text: event.text, message: event.message, run: event.run?.error });

describe('what rules do not let agents say', { timeout: 120_000 }, () => {
  let stage: TeamStage;
  let ada: SeededAgent;

  beforeAll(async () => {
    stage = await TeamStage.open();
    ada = await stage.agent('Ada');
    await createOutputRule(stage.owner, { scope: { agentId: ada.id }, actions: [REDACT] });
  }, 120_000);

  afterAll(() => stage?.close());

  /** Nothing of it is in any row that somebody may read. */
  const expectNowhere = async () => {
    const { rows } = await stage.test.pool().query<{ place: string; text: string }>(`
      SELECT 'events' AS place, payload::text AS text FROM stream_events
      UNION ALL SELECT 'messages', text || parts::text FROM messages WHERE author_kind = 'AGENT'
      UNION ALL SELECT 'steps', coalesce(output::text, '') || coalesce(decision::text, '') FROM steps
      UNION ALL SELECT 'outbox', payload::text FROM outbox_events`);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ text }) => leaksOf(text).length > 0)).toEqual([]);
  };

  it('never reaches a subscriber, wherever the answer is cut into two, nor in single characters', async () => {
    const room = await stage.enter(ada);
    const cuts = Array.from({ length: TEXT.length + 1 }, (_, at) => [TEXT.slice(0, at), TEXT.slice(at)]);
    const answers = [
      ...cuts,
      [...TEXT],
      ...[2, 3, 5, 7].map((size) => TEXT.match(new RegExp(`.{1,${size}}`, 'g')) ?? []),
    ];
    stage.script('Ada', ...answers.map((pieces) => inPieces(OPENAI, pieces)));
    for (const _ of answers) {
      const { text, run } = await stage.ask(room, 'Go on');
      expect(text).toBe(SHOWN);
      expect(run.steps[0]?.decision).toMatchObject({
        rules: [{ name: 'Nothing private', action: 'REDACT', count: 2 }],
      });
    }
    expect(room.reader.events.filter((event) => leaksOf(whole(event)).length > 0)).toEqual([]);
    const deltas = room.reader.events.filter(({ __typename }) => __typename === 'MessageDelta');
    expect(deltas.some(({ text }) => text === 'Pay with ')).toBe(true);
    // What its model is told of what it has said is what was shown.
    expect(leaksOf(stage.told('Ada'))).toEqual([]);
    expect(stage.told('Ada')).toContain('[out]');
    await stage.leave(room);
    await expectNowhere();
  });

  it('is kept out of what was thought, of calls of tools and of what tools answer', async () => {
    const ben = await stage.agent('Ben', { tools: [{ name: 'memory_write' }], thinking: { effort: 'LOW' } });
    await createOutputRule(stage.owner, { scope: { agentId: ben.id }, actions: [REDACT] });
    const room = await stage.enter(ben);
    stage.script(
      'Ben',
      stream(
        OPENAI.thinking('They pay with 4111 11') +
          OPENAI.thinking('11 1111 1111. ') +
          OPENAI.calls([{ id: 'call-1', name: 'memory_write', args: { block: 'notes', text: `It is ${CARD}` } }]) +
          OPENAI.finish('STOP'),
      ),
      inPieces(OPENAI, ['Kept: 4111 1111', ' 1111 1111']),
    );
    const { text, run } = await stage.ask(room, 'Keep it');
    expect(text).toBe('Kept: [out]');
    expect(
      room.reader.events
        .filter(({ __typename }) => __typename === 'ThinkingDelta')
        .map(({ text }) => text)
        .join(''),
    ).toBe('They pay with [out]. ');
    const call = run.steps.find(({ kind }) => kind === 'TOOL');
    expect(JSON.stringify(call?.input)).toContain('It is [out]');
    await stage.leave(room);
    await expectNowhere();
  });

  it('is kept out of what follows on what was said before a tool was called', async () => {
    const eve = await stage.agent('Eve', { tools: [{ name: 'clock' }] });
    await createOutputRule(stage.owner, { scope: { agentId: eve.id }, actions: [REDACT] });
    const room = await stage.enter(eve);
    stage.script(
      'Eve',
      stream(
        OPENAI.text('It is 4111 1111 1111') +
          OPENAI.calls([{ id: 'c', name: 'clock', args: {} }]) +
          OPENAI.finish('STOP'),
      ),
      inPieces(OPENAI, ['1111 and so on']),
    );
    const { text } = await stage.ask(room, 'Go on');
    expect(text).not.toContain('1111 and');
    await stage.leave(room);
  });

  it('is kept out of answers that have to be of a form, also where escapes hide it', async () => {
    const schema = { type: 'object', properties: { card: { type: 'string' } }, required: ['card'] };
    const dan = await stage.agent('Dan', { outputSchema: schema });
    await createOutputRule(stage.owner, { scope: { agentId: dan.id }, actions: [REDACT] });
    const room = await stage.enter(dan);
    stage.script('Dan', stage.model.answer('{"card": "4111 \\u0031111 1111 \\u0031111"}'));
    const { text } = await stage.ask(room, 'Which?');
    expect(JSON.parse(text)).toEqual({ card: '[out]' });
    await stage.leave(room);
  });

  it('is kept out of what members of a team say, also where the rule is about the team alone', async () => {
    const [one, two] = [await stage.agent('One'), await stage.agent('Two')];
    const line = await stage.team('Line', [one, two], { sequential: {} });
    await createOutputRule(stage.owner, { scope: { agentId: line.id }, actions: [REDACT] });
    const room = await stage.enter(line);
    stage.script('One', inPieces(OPENAI, ['I have 4111 1111 ', '1111 1111.']));
    stage.script('Two', inPieces(OPENAI, ['He has ', '4111', ' 1111 1111 1111.']));
    expect((await stage.ask(room, 'Go on')).text).toBe('He has [out].');
    expect(stage.told('Two')).toContain('I have [out].');
    await stage.leave(room);
    await expectNowhere();
  });

  it('ends a reply with what people are told, where a rule blocks it', async () => {
    const fay = await stage.agent('Fay');
    await createOutputRule(stage.owner, {
      name: 'No cards at all',
      scope: { agentId: fay.id },
      condition: '"CARD" in found',
      actions: [{ block: { message: 'This cannot be shown here.' } }],
    });
    const room = await stage.enter(fay);
    stage.script('Fay', inPieces(OPENAI, ['Sure. I have it. Take 4111 11', '11 1111 1111 then. And more.']));
    const { text, run } = await stage.ask(room, 'Tell me');
    expect(text).toBe('Sure. I have it. \n\nThis cannot be shown here.');
    expect(run).toMatchObject({
      state: 'FAILED',
      error: { code: 'RULE_BLOCKED', message: 'This cannot be shown here.', retryable: false },
    });
    expect(run.steps[0]?.decision).toMatchObject({ rules: [{ name: 'No cards at all', action: 'BLOCK' }] });
    const [kept] = await decisionsOf(stage.owner, { conversationId: room.id });
    expect(kept).toMatchObject({
      stage: 'OUTPUT',
      outcome: 'BLOCKED',
      agent: { id: fay.id },
      reasons: [{ rule: { name: 'No cards at all' }, counts: true, actions: ['BLOCK'] }],
    });
    await stage.leave(room);
    await expectNowhere();
  });

  it('puts another text in place of the rest, and goes on', async () => {
    const gus = await stage.agent('Gus');
    await createOutputRule(stage.owner, {
      scope: { agentId: gus.id },
      condition: 'text.contains("Falcon")',
      actions: [{ replace: { with: 'Ask the press office.' } }],
    });
    const room = await stage.enter(gus);
    stage.script('Gus', inPieces(OPENAI, ['Good day. ', 'The project Fal', 'con is late.', ' Very late.']));
    const { text, run } = await stage.ask(room, 'News?');
    expect(text).toBe('Good day. \n\nAsk the press office.');
    expect(run.state).toBe('SUCCEEDED');
    await stage.leave(room);
  });

  it('goes no further where a closed rule cannot be evaluated, and passes an open one', async () => {
    const ida = await stage.agent('Ida');
    const broken = {
      scope: { agentId: ida.id },
      condition: 'tags[3] == text',
      actions: [{ block: { message: 'No.' } }],
    };
    await createOutputRule(stage.owner, { ...broken, name: 'Open', failMode: 'OPEN' });
    const room = await stage.enter(ida);
    expect((await stage.ask(room, 'One')).text).toBe('Fine.');
    await createOutputRule(stage.owner, { ...broken, name: 'Closed', failMode: 'CLOSED' });
    const { text, run } = await stage.ask(room, 'Two');
    expect(text).toBe('No.');
    expect(run.state).toBe('FAILED');
    await stage.leave(room);
  });

  it('shows nothing of what is held back when a reply is cancelled or breaks off', async () => {
    const room = await stage.enter(ada);
    const held = stage.model.held('Pay with 4111 1111 11');
    stage.script('Ada', held.play);
    const run = await stage.send(room, 'Wait');
    await room.reader.until(({ text }) => text === 'Pay with ');
    await stage.owner.client.request('mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id } } }', {
      input: { runId: run },
    });
    const { text } = await stage.untilEnded(room, run);
    expect(text).toBe('Pay with ');
    await stage.leave(room);
  });
});
