import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const CLOCK = [{ name: 'current_time' }];

describe('group chats', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const pair = (one: string, two: string, input: Record<string, unknown> = {}) =>
    Promise.all([stage.agent(one, input), stage.agent(two)]);
  const told = (name: string) => JSON.stringify(stage.model.callsOf(`<${name}>`).at(-1)?.body.messages);

  /** Begins to answer, and breaks off. */
  const breakOff = (begin: string) => (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.write(stage.model.dialect.text(begin));
    setTimeout(() => response.destroy(), 100);
  };

  it('go on with the others where somebody cannot speak', async () => {
    const members = await pair('Kim', 'Lou');
    const team = await stage.team('Chat', members, { groupChat: { maxRounds: 3 } });
    stage.script('Kim', say('k1'), say('k2'), say('k3'));
    stage.script('Lou', ...Array.from({ length: 6 }, () => stage.model.fail()));
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Discuss.');
    expect(run).toMatchObject({ state: 'PARTIAL' });
    // However often it has failed.
    expect(run.error?.message.match(/lou:/g)).toHaveLength(1);
    expect([stage.countOf('Kim'), stage.countOf('Lou')]).toEqual([3, 3]);
    await stage.leave(room);
  });

  it('below another pattern keep to themselves: they begin with their task, and return what came of it', async () => {
    const members = await pair('Mia', 'Ned', { tools: CLOCK });
    const chat = await stage.team('Talk', members, { groupChat: { maxRounds: 2 } });
    const boss = await stage.team('Boss', [chat], { supervisor: {} });
    stage.script('Boss', stage.model.callTools(['talk', { task: 'THE TASK' }]), say('All in all: so be it.'));
    stage.script(
      'Mia',
      stage.model.callTools(['current_time', { timeZone: 'Asia/Tokyo' }]),
      say('mia one'),
      say('mia two'),
    );
    stage.script('Ned', say('ned one'), say('ned two'));
    stage.script('Talk', say('What came of it.'));
    const room = await stage.enter(boss);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('All in all: so be it.');
    expect(
      room.reader.events
        .filter(({ __typename }) => __typename === 'MessageCompleted')
        .map(({ message }) => message?.author.name),
    ).toEqual(['Boss']);
    const mia = told('Mia');
    for (const part of ['THE TASK', 'mia one', 'Ned (agent): ned one', 'Asia/Tokyo']) expect(mia).toContain(part);
    expect(mia).not.toContain('Go.');
    const ned = told('Ned');
    for (const part of ['THE TASK', 'Mia (agent): mia one', 'ned one', 'Mia (agent): mia two'])
      expect(ned).toContain(part);
    expect(ned).not.toContain('Asia/Tokyo');
    expect(told('Talk')).toContain('Ned (agent): ned two');
    expect(told('Boss')).toContain('What came of it.');
    await stage.leave(room);
  });

  it('below another pattern go on behind a question to a person, led by their own model', async () => {
    const members = await pair('Gil', 'Hed', { tools: [{ name: 'current_time', approval: { rule: 'ALWAYS' } }] });
    const chat = await stage.team('Inner', members, { groupChat: { speaker: 'MODEL', maxRounds: 3 } });
    const team = await stage.team('Outer', [chat], { sequential: { steps: [{ node: 'inner' }] } });
    const next = (name: string) => say(JSON.stringify({ next: name, reason: 'So be it.' }));
    stage.script('Inner', next('hed'), next('gil'), next('DONE'), say('What came of it.'));
    stage.script('Hed', say('hed one'));
    stage.script('Gil', stage.model.callTools(['current_time', {}]), say('gil one'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Discuss.');
    const waiting = await stage.untilWaiting(room, id);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(text).toBe('What came of it.');
    expect(['Inner', 'Hed', 'Gil'].map((name) => stage.countOf(name))).toEqual([4, 1, 2]);
    for (const part of ['Discuss.', 'Hed (agent): hed one']) expect(told('Gil')).toContain(part);
    expect(told('Inner')).toContain('Gil (agent): gil one');
    await stage.leave(room);
  });

  it('go on behind a question to a person with the message of that turn, and repeat none', async () => {
    const asks = { tools: [{ name: 'current_time', approval: { rule: 'ALWAYS' } }] };
    const members = await Promise.all([stage.agent('Ira'), stage.agent('Jo', asks)]);
    const team = await stage.team('Asking', members, { groupChat: { maxRounds: 1 } });
    stage.script('Ira', say('ira has spoken'));
    stage.script('Jo', stage.model.callTools(['current_time', {}]), say('jo has looked'));
    stage.script('Asking', say('So be it.'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Discuss.');
    const waiting = await stage.untilWaiting(room, id);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(text).toBe('So be it.');
    const messages = room.reader.events.filter(({ __typename }) => __typename === 'MessageCompleted');
    expect(messages.map(({ message }) => message?.text)).toEqual(['ira has spoken', 'jo has looked', 'So be it.']);
    expect(new Set(messages.map(({ message }) => message?.id)).size).toBe(3);
    expect(['Ira', 'Jo', 'Asking'].map((name) => stage.countOf(name))).toEqual([1, 2, 1]);
    await stage.leave(room);
  });

  it('let a speaker keep what its tools said, for its own eyes', async () => {
    const members = await pair('Ole', 'Pam', { tools: CLOCK });
    const team = await stage.team('Private', members, { groupChat: { maxRounds: 2 } });
    stage.script(
      'Ole',
      stage.model.callTools(['current_time', { timeZone: 'Asia/Tokyo' }]),
      say('It is late.'),
      say('Still.'),
    );
    stage.script('Pam', say('Oh.'), say('Well.'));
    const room = await stage.enter(team);
    await stage.ask(room, 'How late is it?');
    expect(told('Ole')).toContain('Asia/Tokyo');
    expect(told('Ole')).toContain('It is late.');
    expect(told('Pam')).toContain('It is late.');
    expect(told('Pam')).not.toContain('Asia/Tokyo');
    await stage.leave(room);
  });

  it('begin a turn again that broke off in its middle', async () => {
    const members = await pair('Quy', 'Rex');
    const team = await stage.team('Broken', members, { groupChat: { maxRounds: 1 } });
    stage.script('Quy', breakOff('I begin'), say('I begin again.'));
    stage.script('Rex', say('Good.'));
    stage.script('Broken', say('So be it.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Discuss.');
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expect(text).toBe('So be it.');
    expect(
      room.reader.events
        .filter(({ __typename }) => __typename === 'MessageCompleted')
        .map(({ message }) => message?.text),
    ).toEqual(['I begin again.', 'Good.', 'So be it.']);
    await room.reader.close();
  });

  it('keep a turn that breaks off time and again as far as it came, and go on', async () => {
    const members = await pair('Sam', 'Tea');
    const team = await stage.team('Shaky', members, { groupChat: { maxRounds: 1 } });
    stage.script('Sam', ...Array.from({ length: 9 }, () => breakOff('I begin')));
    stage.script('Tea', say('Good.'));
    stage.script('Shaky', say('So be it.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Discuss.');
    expect(run).toMatchObject({ state: 'PARTIAL', attempt: 4 });
    expect(text).toBe('So be it.');
    expect(
      room.reader.events
        .filter(({ __typename }) => __typename === 'MessageCompleted')
        .map(({ message }) => [message?.text, message?.status]),
    ).toEqual([
      ['I begin', 'FAILED'],
      ['Good.', 'COMPLETE'],
      ['So be it.', 'COMPLETE'],
    ]);
    await room.reader.close();
  });

  it('end mentions between agents at the depth that is allowed without a person', async () => {
    const members = await pair('Uma', 'Vic');
    const team = await stage.team('Deep', members, { groupChat: { maxRounds: 4, speaker: 'MENTION' } });
    stage.script('Uma', ...Array.from({ length: 8 }, () => say('@Vic, go on.')));
    stage.script('Vic', ...Array.from({ length: 8 }, () => say('@Uma, go on.')));
    stage.script('Deep', say('Enough.'), say('Enough.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, '@Vic, begin.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('Enough.');
    expect([stage.countOf('Vic'), stage.countOf('Uma')]).toEqual([2, 1]);
    const reasons = run.steps
      .filter(({ kind }) => kind === 'DECISION')
      .at(-1)
      ?.decision?.reasons?.join(' ');
    expect(reasons).toContain('maxDepth of 3');
    // A person has written: the next ones may go as deep again.
    await stage.ask(room, '@Uma, begin.');
    expect([stage.countOf('Vic'), stage.countOf('Uma')]).toEqual([3, 3]);
    await stage.leave(room);
  });

  it('stop when a person writes, and end with what came of it', async () => {
    const members = await pair('Wes', 'Xia');
    const team = await stage.team('Led', members, { groupChat: { speaker: 'MODEL', maxRounds: 5 } });
    const held = stage.model.held('I was');
    stage.script('Wes', held.play);
    stage.script('Led', say('{"next": "wes", "reason": "He knows."}'), say('Wes was right.'));
    const room = await stage.enter(team);
    const first = await stage.send(room, 'Discuss.');
    await room.reader.until(({ text }) => text === 'I was');
    const second = await stage.send(room, 'I have something to say.');
    stage.script('Xia', say('Yes?'));
    held.finish(' saying.');
    const { run } = await stage.untilEnded(room, first);
    expect(run.state).toBe('SUCCEEDED');
    const decisions = run.steps.filter(({ kind }) => kind === 'DECISION').map(({ decision }) => decision);
    expect(decisions).toMatchObject([{ node: 'wes' }, { node: null, reasons: ['A person has written.'] }]);
    // Nobody was asked who is next: only who begins, and what came of it.
    expect(run.steps.filter(({ kind, depth, parentId }) => kind === 'MODEL' && depth === 1 && !parentId)).toHaveLength(
      2,
    );
    stage.script('Led', say('{"next": "xia", "reason": "Her turn."}'), say('{"next": "DONE", "reason": "Said."}'));
    await stage.untilEnded(room, second);
    await stage.leave(room);
  });

  it('let somebody speak before they stop for what a person wrote earlier', async () => {
    const members = await pair('Yan', 'Zoe');
    const team = await stage.team('Late', members, { groupChat: { maxRounds: 2 } });
    const held = stage.model.held('One');
    stage.script('Yan', held.play, say('Two.'), say('Three.'), say('Four.'));
    const room = await stage.enter(team);
    const runs = [await stage.send(room, 'first')];
    await room.reader.until(({ text }) => text === 'One');
    runs.push(await stage.send(room, 'second'), await stage.send(room, 'third'));
    held.finish('.');
    for (const id of runs) await stage.untilEnded(room, id);
    const states = await Promise.all(runs.map(async (id) => (await stage.read(id)).state));
    expect(states).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    await stage.leave(room);
  });
});
