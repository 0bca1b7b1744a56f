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

  it('see their own task alone, and are put together in their order, whoever is done first', async () => {
    const [first, second] = await Promise.all([stage.agent('Eva'), stage.agent('Fay')]);
    const branches = [{ node: 'eva' }, { node: 'fay', mapping: 'Translate: {{input}}' }];
    const team = await stage.team('Apart', [first, second], { parallel: { branches } });
    const held = stage.model.held('eva');
    stage.script('Eva', held.play);
    stage.script('Fay', say('fay is done'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Bonjour.');
    const isDone = async () =>
      (await stage.read(id)).steps.some(({ name, state }) => name === 'fay' && state === 'SUCCEEDED');
    await expect.poll(isDone, { timeout: 20_000 }).toBe(true);
    held.finish(' is done');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('**Eva**\n\neva is done\n\n**Fay**\n\nfay is done');
    expect(stage.told('Fay')).toContain('Translate: Bonjour.');
    expect(stage.told('Eva')).not.toContain('Translate');
    for (const [name, other] of [
      ['Eva', 'fay is done'],
      ['Fay', 'eva'],
    ] as const) {
      expect(stage.told(name)).not.toContain(other);
    }
    await stage.leave(room);
  });

  it('that answer in no form are put one after the other where they were to be merged', async () => {
    const form = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] };
    const members = await Promise.all([stage.agent('Lea', { outputSchema: form }), stage.agent('Mel')]);
    const team = await stage.team('Mixed', members, { parallel: { merge: 'MERGE' } });
    stage.script('Lea', say('{"a": 1}'));
    stage.script('Mel', say('in words'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('**Lea**\n\n{\n  "a": 1\n}\n\n**Mel**\n\nin words');
    await stage.leave(room);
  });

  it('are kept where the agent that makes one answer of them fails, and it alone is asked again', async () => {
    const members = await Promise.all(['Nia', 'Oda', 'Sum'].map((name) => stage.agent(name)));
    const team = await stage.team('Summed', members, { parallel: { mergeNode: 'sum' } });
    stage.script('Nia', say('nia is done'));
    stage.script('Oda', say('oda is done'));
    stage.script('Sum', stage.model.fail(), say('All in all.'));
    const room = await stage.enter(team);
    const { id, run } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_INVALID_REQUEST' } });
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    await room.reader.until((event) => event.run?.id === id && event.run.state === 'SUCCEEDED');
    expect((await stage.untilEnded(room, id)).text).toBe('All in all.');
    for (const part of ['nia is done', 'oda is done']) expect(stage.told('Sum')).toContain(part);
    expect(['Nia', 'Oda', 'Sum'].map((name) => stage.countOf(name))).toEqual([1, 1, 2]);
    await stage.leave(room, { [id]: 1 });
  });

  it.each([
    [2, 'SUCCEEDED', null, '**Gus**\n\ngus\n\n**Hal**\n\nhal'],
    [1, 'PARTIAL', 'PARTIAL', 'gus'],
    [0, 'FAILED', 'MODEL_INVALID_REQUEST', ''],
  ])('do what they can with BEST_EFFORT: %i of 2 succeed', async (count, state, code, said) => {
    const members = await Promise.all([stage.agent('Gus'), stage.agent('Hal')]);
    const team = await stage.team('Best', members, { parallel: { join: 'BEST_EFFORT' } });
    for (const [index, name] of ['Gus', 'Hal'].entries()) {
      stage.script(name, index < count ? say(name.toLowerCase()) : stage.model.fail());
    }
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe(state);
    expect(run.error?.code ?? null).toBe(code);
    if (state === 'PARTIAL') expect(run.error?.message).toContain('hal');
    expect(text).toBe(said);
    await stage.leave(room);
  });

  it('that were finished are kept where another one fails and ends all of them', async () => {
    const [done, weak, late] = await Promise.all([stage.agent('Isa'), stage.agent('Jim'), stage.agent('Kit')]);
    const team = await stage.team('Hard', [done, weak, late], { parallel: { onFailure: 'FAIL_FAST' } });
    let fail = () => {};
    stage.script('Isa', say('isa is done'));
    stage.script('Jim', (response, request) => {
      fail = () => void stage.model.fail()(response, request);
    });
    stage.script('Kit', stage.model.held('kit').play);
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go.');
    const isDone = async () =>
      (await stage.read(id)).steps.some(({ name, state }) => name === 'isa' && state === 'SUCCEEDED');
    await expect.poll(isDone, { timeout: 20_000 }).toBe(true);
    await expect.poll(() => stage.countOf('Jim') + stage.countOf('Kit'), { timeout: 20_000 }).toBe(2);
    fail();
    const { run } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_INVALID_REQUEST' } });
    const branches = run.steps.filter(({ kind }) => kind === 'AGENT');
    expect(Object.fromEntries(branches.map(({ name, state }) => [name, state]))).toEqual({
      isa: 'SUCCEEDED',
      jim: 'FAILED',
      kit: 'CANCELLED',
    });
    expect(branches.find(({ name }) => name === 'isa')?.output).toMatchObject({ text: 'isa is done' });
    await stage.leave(room);
  });
});
