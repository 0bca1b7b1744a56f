import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const CLOCK = [{ name: 'current_time' }];

describe('nodes of a handoff', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const handTo = (name: string) => stage.model.callTools([`hand_to_${name}`, { reason: 'Yours.' }]);
  const told = (name: string) => JSON.stringify(stage.model.callsOf(`<${name}>`).at(-1)?.body);

  it('can be teams, whose members work', async () => {
    const [desk, one, two] = await Promise.all([stage.agent('Desk'), stage.agent('One'), stage.agent('Two')]);
    const pair = await stage.team('Pair', [one, two], { sequential: { steps: [{ node: 'one' }, { node: 'two' }] } });
    const team = await stage.team('Hand', [desk, pair], { handoff: { edges: [{ from: 'desk', to: 'pair' }] } });
    stage.script('Desk', handTo('pair'));
    stage.script('One', say('by one'));
    stage.script('Two', say('by two'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Who does it?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('by two');
    for (const part of ['Who does it?', 'Yours.']) expect(told('One')).toContain(part);
    const names = new Map(run.steps.map(({ id, name }) => [id, name]));
    expect(
      run.steps
        .filter(({ kind }) => kind === 'AGENT')
        .map(({ name, parentId, depth }) => [name, names.get(parentId ?? '') ?? null, depth]),
    ).toEqual([
      ['desk', null, 1],
      ['pair', null, 1],
      ['one', 'pair', 2],
      ['two', 'pair', 2],
    ]);
    await stage.leave(room);
  });

  it('hand over as teams: a supervisor by its model, others by their own word on what was made', async () => {
    const [aide, last] = await Promise.all([stage.agent('Aide'), stage.agent('Last')]);
    const boss = await stage.team('Boss', [aide], { supervisor: {} });
    const line = await stage.team('Line', [aide], { sequential: { steps: [{ node: 'aide' }] } });
    const edges = [
      { from: 'boss', to: 'line' },
      { from: 'line', to: 'last' },
    ];
    const team = await stage.team('Chain', [boss, line, last], { handoff: { edges } });
    stage.script('Boss', stage.model.callTools(['aide', { task: 'look' }]), handTo('line'));
    stage.script('Aide', say('seen'), say('made'));
    stage.script('Line', handTo('last'));
    stage.script('Last', say('done'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('made\n\ndone');
    expect(stage.countOf('Aide')).toBe(2);
    expect(told('Line')).toContain('made');
    expect(told('Last')).toContain('made');
    await stage.leave(room);
  });

  it('fail by their own limits alone: what others have finished is kept', async () => {
    const [weak, good] = await Promise.all([
      stage.agent('Weak', { tools: CLOCK, limits: { maxTurns: 1 } }),
      stage.agent('Good'),
    ]);
    const hand = await stage.team('Alone', [weak], { handoff: { edges: [] } });
    const team = await stage.team('Both', [good, hand], { parallel: {} });
    stage.script('Weak', stage.model.callTools(['current_time', {}]));
    stage.script('Good', say('good result'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'PARTIAL', error: { code: 'PARTIAL' } });
    expect(run.error?.message).toContain('maxTurns');
    expect(text).toBe('good result');
    expect(run.steps.find(({ name }) => name === 'weak')?.error).toMatchObject({ code: 'LIMIT_REACHED' });
    await stage.leave(room);
  });

  it('close with a summary where their limits say so, and keep to their time', async () => {
    const brief = await stage.agent('Brief', { tools: CLOCK, limits: { maxTurns: 1, onLimit: 'SUMMARISE' } });
    const closing = await stage.team('Closing', [brief], { handoff: { edges: [] } });
    stage.script('Brief', stage.model.callTools(['current_time', {}]), say('That is all I found.'));
    const room = await stage.enter(closing);
    const answered = await stage.ask(room, 'Go.');
    expect(answered.run.state).toBe('SUCCEEDED');
    expect(answered.text).toBe('That is all I found.');
    await stage.leave(room);

    const slow = await stage.agent('Slow', { limits: { maxWallMs: 300 } });
    const timed = await stage.team('Timed', [slow], { handoff: { edges: [] } });
    stage.script('Slow', stage.model.held('So far').play);
    const other = await stage.enter(timed);
    const { run } = await stage.ask(other, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'LIMIT_REACHED' } });
    expect(run.error?.message).toContain('maxWallMs');
    await stage.leave(other);
  });

  it('hand over as often as the team may, and ask beyond that', async () => {
    const [ping, pong] = await Promise.all([stage.agent('Ping'), stage.agent('Pong')]);
    const edges = [
      { from: 'ping', to: 'pong' },
      { from: 'pong', to: 'ping' },
    ];
    const limits = { maxHandoffs: 1, onLimit: 'ESCALATE' };
    const team = await stage.team('Table', [ping, pong], { handoff: { edges } }, { limits });
    stage.script('Ping', handTo('pong'), say('Mine.'));
    stage.script('Pong', handTo('ping'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Whose is it?');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting.approvals).toMatchObject([{ kind: 'LIMIT', subject: 'maxHandoffs' }]);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('Mine.');
    expect([stage.countOf('Ping'), stage.countOf('Pong')]).toEqual([2, 1]);
    await stage.leave(room);
  });

  it('that are teams go on once the conversation comes back to them', async () => {
    const [maker, critic] = await Promise.all([stage.agent('Maker'), stage.agent('Critic')]);
    const shop = await stage.team('Shop', [maker], { sequential: { steps: [{ node: 'maker' }] } });
    const team = await stage.team('Back', [shop, critic], {
      handoff: { edges: [{ from: 'shop', to: 'critic' }], returns: 'RETURN_TO_PARENT', history: 'NONE' },
    });
    stage.script('Maker', say('a draft'), say('the end'));
    stage.script('Shop', handTo('critic'));
    stage.script('Critic', say('too short'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Write.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('a draft\n\ntoo short\n\nthe end');
    expect(told('Maker')).toContain('too short');
    await stage.leave(room);
  });
});
