import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const ASKED = [{ name: 'current_time', approval: { rule: 'ALWAYS' } }];

describe('branches', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const askTime = () => stage.model.callTools(['current_time', {}]);

  it('have no more calls under way than may be, however they are nested', async () => {
    const names = ['Ana', 'Bea', 'Cas', 'Dan'];
    const leaves = await Promise.all(names.map((name) => stage.agent(name)));
    const [one, two] = [
      await stage.team('PairA', leaves.slice(0, 2), { parallel: {} }),
      await stage.team('PairB', leaves.slice(2), { parallel: {} }, { limits: { maxParallel: 1 } }),
    ];
    const team = await stage.team('Four', [one, two], { parallel: {} }, { limits: { maxParallel: 2 } });
    let [underWay, most] = [0, 0];
    for (const name of names) {
      stage.script(name, async (response, request) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await sleep(150);
        underWay -= 1;
        return say(name)(response, request);
      });
    }
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    for (const name of names) expect(text).toContain(name);
    expect(most).toBe(2);
    await stage.leave(room);
  });

  it('that wait for a person are stopped once enough others have succeeded, and nobody is asked any more', async () => {
    const [slow, fast] = await Promise.all([stage.agent('Slow', { tools: ASKED }), stage.agent('Fast')]);
    const team = await stage.team('Any', [slow, fast], { parallel: { join: 'ANY' } });
    const held = stage.model.held('fa');
    stage.script('Slow', askTime(), say('never'));
    stage.script('Fast', held.play);
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go.');
    await room.reader.until(({ __typename }) => __typename === 'ApprovalRequested');
    held.finish('st');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', approvals: [{ state: 'CANCELLED' }] });
    expect(text).toBe('fast');
    const states = run.steps.filter(({ kind }) => kind !== 'MODEL').map(({ name, state }) => [name, state]);
    expect(Object.fromEntries(states)).toEqual({ slow: 'CANCELLED', current_time: 'CANCELLED', fast: 'SUCCEEDED' });
    expect(room.reader.events.filter(({ __typename }) => __typename === 'ApprovalDecided')).toHaveLength(1);
    await stage.leave(room);
  });

  it('wait until enough of them have their answer, and let the others go', async () => {
    const members = await Promise.all(['Ada', 'Ben', 'Coy'].map((name) => stage.agent(name, { tools: ASKED })));
    const two = await stage.team('Two', members, { parallel: { join: 'N_OF_M', joinCount: 2 } });
    const team = await stage.team('After', [two, await stage.agent('Dot')], {
      sequential: { steps: [{ node: 'two' }, { node: 'dot' }] },
    });
    for (const name of ['Ada', 'Ben', 'Coy']) stage.script(name, askTime(), say(name));
    stage.script('Dot', say('end'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go.');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting.approvals.map(({ state }) => state)).toEqual(['PENDING', 'PENDING', 'PENDING']);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const again = await stage.untilWaiting(room, id, 2);
    expect(again.approvals.filter(({ state }) => state === 'PENDING')).toHaveLength(2);
    await stage.decide(again.approvals.find(({ state }) => state === 'PENDING')?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('end');
    expect(run.approvals.map(({ state }) => state).sort()).toEqual(['APPROVED', 'APPROVED', 'CANCELLED']);
    await stage.leave(room);
  });

  it('that wait are stopped where another one fails and that ends all of them', async () => {
    const [slow, weak] = await Promise.all([stage.agent('Late', { tools: ASKED }), stage.agent('Weak')]);
    const fast = await stage.team('Strict', [slow, weak], { parallel: { onFailure: 'FAIL_FAST' } });
    const team = await stage.team('Lenient', [fast], {
      sequential: { steps: [{ node: 'strict', onError: 'DEFAULT_VALUE', defaultValue: 'nothing' }] },
    });
    stage.script('Late', askTime());
    const room = await stage.enter(team);
    let fail = () => {};
    stage.script('Weak', (response, request) => {
      fail = () => void stage.model.fail()(response, request);
    });
    const id = await stage.send(room, 'Go.');
    await room.reader.until(({ __typename }) => __typename === 'ApprovalRequested');
    fail();
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', approvals: [{ state: 'CANCELLED' }] });
    expect(text).toBe('nothing');
    await stage.leave(room);
  });
});
