import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeededAgent } from '#test/support/seed';
import { type TeamRun, TeamStage } from './team.fixture.ts';

const ARCHIVE = 'mutation ($id: ID!) { archiveAgent(input: { agentId: $id, force: true }) { agent { id } } }';

describe('groups of a router', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const chosenIn = ({ steps }: TeamRun) => steps.find(({ kind }) => kind === 'DECISION')?.decision?.node;
  const reasonsOf = ({ steps }: TeamRun) => steps.find(({ kind }) => kind === 'DECISION')?.decision?.reasons?.join(' ');

  /** A team whose only rule chooses the first of its members, which stand for one another. */
  const routed = (name: string, members: SeededAgent[], selection: string, more: object[] = []) => {
    const keys = members.map((member) => member.name.toLowerCase());
    const nodes = keys.map((node, priority) => ({ node, priority, ...more[priority] }));
    const router = { rules: [{ condition: 'true', node: keys[0] }], classify: false, selection, groups: [{ nodes }] };
    return stage.team(name, members, { router });
  };

  it('take turns, also with one that is new', async () => {
    const [old, young] = await Promise.all([stage.agent('Old'), stage.agent('Young')]);
    const alone = await stage.enter(await routed('Before', [old], 'ROUND_ROBIN'));
    for (const text of ['one', 'two', 'three']) await stage.ask(alone, text);
    await stage.leave(alone);
    const room = await stage.enter(await routed('Turns', [old, young], 'ROUND_ROBIN'));
    const chosen: (string | null | undefined)[] = [];
    for (const text of ['one', 'two', 'three', 'four']) chosen.push(chosenIn((await stage.ask(room, text)).run));
    expect(chosen).toEqual(['old', 'young', 'old', 'young']);
    await stage.leave(room);
  });

  it('pass over who has as much under way as it may', async () => {
    const [busy, spare] = await Promise.all([stage.agent('Busy'), stage.agent('Spare')]);
    const team = await routed('Capable', [busy, spare], 'PRIORITY', [{ capacity: 1 }]);
    const held = stage.model.held('I');
    stage.script('Busy', held.play, say('I am free again.'));
    stage.script('Spare', say('I have time.'));
    const [first, second] = [await stage.enter(team), await stage.enter(team)];
    const id = await stage.send(first, 'Go.');
    await first.reader.until(({ text }) => text === 'I');
    const other = await stage.ask(second, 'Go.');
    expect(other.text).toBe('I have time.');
    expect(reasonsOf(other.run)).toContain('busy has as much under way');
    held.finish(' am done.');
    await stage.untilEnded(first, id);
    expect((await stage.ask(second, 'Again.')).text).toBe('I am free again.');
    await Promise.all([stage.leave(first), stage.leave(second)]);
  });

  it('pass over whose model has failed time and again, unless all have', async () => {
    const [ill, well] = await Promise.all([stage.agent('Ill'), stage.agent('Well')]);
    const room = await stage.enter(await routed('Healthy', [ill, well], 'PRIORITY'));
    stage.script('Ill', ...Array.from({ length: 3 }, () => stage.model.fail()), say('I am well again.'));
    stage.script('Well', say('I am well.'), ...Array.from({ length: 3 }, () => stage.model.fail()));
    for (const text of ['one', 'two', 'three']) {
      expect((await stage.ask(room, text)).run.state).toBe('FAILED');
    }
    const { run, text } = await stage.ask(room, 'four');
    expect(text).toBe('I am well.');
    expect(reasonsOf(run)).toContain('ill has failed');
    for (const again of ['five', 'six', 'seven']) await stage.ask(room, again);
    expect((await stage.ask(room, 'eight')).text).toBe('I am well again.');
    await stage.leave(room);
  });

  it('choose by priority: the smallest, whichever of them the rule names', async () => {
    const members = await Promise.all([stage.agent('Third'), stage.agent('First')]);
    const team = await routed('Ranks', members, 'PRIORITY', [{ priority: 3 }, { priority: 1 }]);
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Go.');
    expect(chosenIn(run)).toBe('first');
    expect(reasonsOf(run)).toContain('Of third, first it is first, by PRIORITY.');
    await stage.leave(room);
  });

  it('choose by weight: never who has none', async () => {
    const members = await Promise.all([stage.agent('Light'), stage.agent('Heavy')]);
    const room = await stage.enter(await routed('Weights', members, 'WEIGHTED', [{ weight: 0 }, { weight: 1_000 }]));
    for (const text of ['one', 'two', 'three']) {
      expect(chosenIn((await stage.ask(room, text)).run)).toBe('heavy');
    }
    await stage.leave(room);
  });

  it('choose by load: who has least under way in the organization', async () => {
    const [loaded, idle] = await Promise.all([stage.agent('Loaded'), stage.agent('Idle')]);
    const team = await routed('Loads', [loaded, idle], 'LEAST_LOADED');
    const held = stage.model.held('I');
    stage.script('Loaded', held.play, say('Now I can.'));
    // It answers a room by itself.
    const elsewhere = await stage.enter(loaded);
    const id = await stage.send(elsewhere, 'Go.');
    await elsewhere.reader.until(({ text }) => text === 'I');
    const room = await stage.enter(team);
    expect(chosenIn((await stage.ask(room, 'one')).run)).toBe('idle');
    held.finish(' am done.');
    await stage.untilEnded(elsewhere, id);
    expect(chosenIn((await stage.ask(room, 'two')).run)).toBe('loaded');
    await Promise.all([stage.leave(elsewhere), stage.leave(room)]);
  });

  it('pass over who cannot answer at all', async () => {
    const [gone, here] = await Promise.all([stage.agent('Gone'), stage.agent('Here')]);
    const room = await stage.enter(await routed('Present', [gone, here], 'PRIORITY'));
    await stage.owner.client.request(ARCHIVE, { id: gone.id });
    const { run } = await stage.ask(room, 'Go.');
    expect(chosenIn(run)).toBe('here');
    expect(reasonsOf(run)).toContain('gone cannot answer now.');
    await stage.leave(room);
  });
});
