import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

describe('patterns', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  it('work within one another, all seven in one run, and go on behind a question deep below', async () => {
    const asks = { tools: [{ name: 'current_time', approval: { rule: 'ALWAYS' } }] };
    const [ann, ben, cid, dot, eve] = await Promise.all([
      stage.agent('Ann'),
      stage.agent('Ben', asks),
      stage.agent('Cid'),
      stage.agent('Dot'),
      stage.agent('Eve'),
    ]);
    const hand = await stage.team('Hand', [ann, ben], { handoff: { edges: [{ from: 'ann', to: 'ben' }] } });
    const loop = await stage.team('Loop', [hand], { loop: { maxIterations: 3 } });
    const rules = [{ condition: 'true', node: 'loop' }];
    const route = await stage.team(
      'Route',
      [loop],
      { router: { rules, classify: false } },
      { limits: { maxDepth: 4 } },
    );
    const boss = await stage.team('Boss', [cid], { supervisor: {} });
    const chat = await stage.team('Chat', [dot, eve], { groupChat: { maxRounds: 1 } });
    const pair = await stage.team('Pair', [boss, chat], { parallel: {} });
    const limits = { maxDepth: 5, maxSteps: 100 };
    const top = await stage.team('Top', [route, pair], { sequential: {} }, { limits });
    const judge = (done: boolean) => stage.model.answer(JSON.stringify({ done, feedback: 'Shorter!', score: 0.5 }));
    const say = (text: string) => stage.model.answer(text);
    stage.script('Ann', stage.model.callTools(['hand_to_ben', {}]), say('ann again'));
    stage.script('Ben', stage.model.callTools(['current_time', {}]), say('ben'));
    stage.script('Loop', judge(false), judge(true));
    stage.script('Boss', stage.model.callTools(['cid', { task: 'look' }]), say('boss'));
    stage.script('Chat', say('chat'));
    const room = await stage.enter(top);
    const id = await stage.send(room, 'Go.');
    const waiting = await stage.untilWaiting(room, id);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1, error: null });
    expect(text).toBe('**Boss**\n\nboss\n\n**Chat**\n\nchat');
    const agents = run.steps.filter(({ kind }) => kind === 'AGENT');
    const nameOf = new Map(agents.map((step) => [step.id, step.name]));
    const tree = agents.map(({ parentId, name, depth }) => `${nameOf.get(parentId ?? '') ?? 'top'} ${name} ${depth}`);
    expect(tree.sort()).toEqual([
      'boss cid 3',
      'chat dot 3',
      'chat eve 3',
      'hand ann 4',
      'hand ann 4',
      'hand ben 4',
      'loop hand 3',
      'loop hand 3',
      'pair boss 2',
      'pair chat 2',
      'route loop 2',
      'top pair 1',
      'top route 1',
    ]);
    expect(run.steps.every(({ state }) => state === 'SUCCEEDED')).toBe(true);
    expect(stage.told('Boss', 0)).toContain('ann again');
    for (const [name, count] of Object.entries({ Ann: 2, Ben: 2, Cid: 1, Dot: 1, Eve: 1, Loop: 2, Boss: 2, Chat: 1 })) {
      expect([name, stage.countOf(name)]).toEqual([name, count]);
    }
    await stage.leave(room);
  });
});
