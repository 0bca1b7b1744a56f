import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

describe('the judge of a loop', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const judge = (done: boolean, score: number, feedback = 'Better!') => say(JSON.stringify({ done, feedback, score }));
  const makers = (maker: string, critic: string) => Promise.all([stage.agent(maker), stage.agent(critic)]);

  it('may be an agent, which is shown the task, the result and the criteria, and nothing of the room', async () => {
    const members = await makers('Maker', 'Critic');
    const loop = { body: 'maker', judge: 'critic', criteria: 'It rhymes.', maxIterations: 5 };
    const team = await stage.team('Judged', members, { loop });
    stage.script('Maker', say('Noted'), say('a rose'), say('a rose, it grows'));
    stage.script('Critic', judge(true, 1), judge(false, 0.3, 'It does not rhyme.'), judge(true, 0.9, ''));
    const room = await stage.enter(team);
    await stage.ask(room, 'The word is MAGENTA.');
    const { run, text } = await stage.ask(room, 'Write of a rose.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('a rose, it grows');
    for (const part of ['Write of a rose.', 'a rose, it grows', 'It rhymes.']) {
      expect(stage.told('Critic')).toContain(part);
    }
    expect(stage.told('Critic')).not.toContain('MAGENTA');
    for (const part of ['Write of a rose.', 'It does not rhyme.']) expect(stage.told('Maker')).toContain(part);
    expect(run.steps.filter(({ kind }) => kind === 'AGENT').map(({ name }) => name)).toEqual([
      'maker',
      'critic',
      'maker',
      'critic',
    ]);
    await stage.leave(room);
  });

  it('has not said that it is done where it cannot be understood: its words are the feedback', async () => {
    const members = await makers('Poet', 'Mumbler');
    const team = await stage.team('Vague', members, { loop: { body: 'poet', judge: 'mumbler', maxIterations: 3 } });
    stage.script('Poet', say('one'), say('two'), say('three'), say('never'));
    stage.script('Mumbler', say('DONE, I think.'), judge(false, 0.4), say('{"done": "yes"}'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Write.');
    expect(run.state).toBe('SUCCEEDED');
    // Of those that it has judged it liked this one best.
    expect(text).toBe('two');
    expect(stage.told('Poet', 1)).toContain('DONE, I think.');
    expect([stage.countOf('Poet'), stage.countOf('Mumbler')]).toEqual([3, 3]);
    await stage.leave(room);
  });

  it('that fails ends the loop; what was made is kept, and a retry asks it alone', async () => {
    const members = await makers('Smith', 'Ill');
    const team = await stage.team('Broken', members, { loop: { body: 'smith', judge: 'ill', maxIterations: 3 } });
    stage.script('Smith', say('a horseshoe'));
    stage.script('Ill', stage.model.fail(), judge(true, 1));
    const room = await stage.enter(team);
    const { id, run } = await stage.ask(room, 'Forge.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_INVALID_REQUEST' } });
    expect(run.steps.find(({ name, kind }) => name === 'smith' && kind === 'AGENT')).toMatchObject({
      state: 'SUCCEEDED',
      output: { text: 'a horseshoe' },
    });
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    await room.reader.until((event) => event.run?.id === id && event.run.state === 'SUCCEEDED');
    expect((await stage.untilEnded(room, id)).text).toBe('a horseshoe');
    expect([stage.countOf('Smith'), stage.countOf('Ill')]).toEqual([1, 2]);
    await stage.leave(room, { [id]: 1 });
  });

  it('is not asked any more at the cap, where the result that it liked best counts', async () => {
    const members = await makers('Baker', 'Taster');
    const team = await stage.team('Capped', members, { loop: { body: 'baker', judge: 'taster', maxIterations: 3 } });
    stage.script('Baker', say('bread'), say('cake'), say('pie'));
    stage.script('Taster', judge(false, 0.2), judge(false, 0.9), judge(false, 0.5));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Bake.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('cake');
    expect([stage.countOf('Baker'), stage.countOf('Taster')]).toEqual([3, 3]);
    await stage.leave(room);
  });
});
