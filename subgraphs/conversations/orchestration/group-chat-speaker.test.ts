import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TeamRun, TeamStage } from './team.fixture.ts';

describe('the next speaker of a group chat', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const trio = (...names: string[]) => Promise.all(names.map((name) => stage.agent(name)));
  const speakersIn = ({ steps }: TeamRun) => steps.filter(({ kind }) => kind === 'AGENT').map(({ name }) => name);
  const lastReason = ({ steps }: TeamRun) =>
    steps
      .filter(({ kind, name }) => kind === 'DECISION' && name === 'speaker')
      .at(-1)
      ?.decision?.reasons?.join(' ');

  it('is whom a rule names, by what was said last, who said it, and the round', async () => {
    const members = await trio('Ann', 'Bob', 'Cid');
    const rules = [
      { condition: 'last.contains("sums")', node: 'cid' },
      { condition: 'lastSpeaker == "cid" && round < 3', node: 'ann' },
      { condition: 'lastSpeaker == "" && input.contains("begin")', node: 'bob' },
    ];
    const team = await stage.team('Ruled', members, { groupChat: { rules, maxRounds: 4 } });
    stage.script('Bob', say('It is about sums.'));
    stage.script('Cid', say('Four.'), say('Five.'));
    stage.script('Ann', say('Good, and more sums?'), say('That is all.'));
    stage.script('Ruled', say('It is four.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Please begin.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('It is four.');
    expect(speakersIn(run)).toEqual(['bob', 'cid', 'ann', 'cid', 'ann']);
    expect(lastReason(run)).toBe('No rule fits.');
    await stage.leave(room);
  });

  it('is never who has just spoken: another rule counts, or nobody is left', async () => {
    const members = await trio('Dot', 'Eli');
    const rules = [
      { condition: 'true', node: 'dot' },
      { condition: 'round == 1', node: 'eli' },
    ];
    const team = await stage.team('Twice', members, { groupChat: { rules, maxRounds: 5 } });
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Go.');
    expect(speakersIn(run)).toEqual(['dot', 'eli', 'dot']);
    expect(lastReason(run)).toBe('No rule fits.');
    await stage.leave(room);
  });

  it('is never who has just spoken, whatever the model says', async () => {
    const members = await trio('Fay', 'Gil');
    const team = await stage.team('Led', members, { groupChat: { speaker: 'MODEL', maxRounds: 5 } });
    const next = (name: string) => say(JSON.stringify({ next: name, reason: 'So be it.' }));
    stage.script('Led', next('fay'), next('fay'), say('That was all.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    expect(speakersIn(run)).toEqual(['fay']);
    expect(lastReason(run)).toContain('manager');
    expect(text).toBe('That was all.');
    await stage.leave(room);
  });

  it('is who was mentioned, whoever comes first among the members; then nobody is', async () => {
    const members = await trio('Hal', 'Ida', 'Jon');
    const team = await stage.team('Named', members, { groupChat: { speaker: 'MENTION', maxRounds: 5 } });
    stage.script('Jon', say('@Hal and @Ida: what do you think?'));
    stage.script('Hal', say('I agree with @Hal, which is me.'));
    stage.script('Named', say('Agreed.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, '@Jon, begin.');
    expect(text).toBe('Agreed.');
    expect(speakersIn(run)).toEqual(['jon', 'hal']);
    expect(lastReason(run)).toBe('Nobody was mentioned.');
    expect(stage.told('Hal')).toContain('Jon (agent): @Hal and @Ida');
    await stage.leave(room);
  });

  it('is nobody whose name is but the beginning of one that was mentioned', async () => {
    const members = await trio('Pa', 'Quy');
    const team = await stage.team('Alike', members, { groupChat: { speaker: 'MENTION', maxRounds: 5 } });
    stage.script('Quy', say('Let us ask @Paul.'));
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, '@Quy, begin.');
    expect(speakersIn(run)).toEqual(['quy']);
    expect(lastReason(run)).toBe('Nobody was mentioned.');
    await stage.leave(room);
  });

  it('is the next in turn, round by round, until all rounds are over', async () => {
    const members = await trio('Kay', 'Lou', 'Mia');
    const team = await stage.team('Round', members, { groupChat: { maxRounds: 2 } });
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    expect(speakersIn(run)).toEqual(['kay', 'lou', 'mia', 'kay', 'lou', 'mia']);
    await stage.leave(room);
  });

  it('is asked for again where the model that leads has failed: what was said before stays', async () => {
    const members = await trio('Rex', 'Sue');
    const team = await stage.team('Shaky', members, { groupChat: { speaker: 'MODEL', maxRounds: 5 } });
    const next = (name: string) => say(JSON.stringify({ next: name, reason: 'So be it.' }));
    stage.script('Shaky', next('rex'), stage.model.fail(), next('sue'), next('DONE'), say('That was all.'));
    stage.script('Rex', say('rex has spoken'));
    stage.script('Sue', say('sue has spoken'));
    const room = await stage.enter(team);
    const { id, run } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_INVALID_REQUEST' } });
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    await room.reader.until((event) => event.run?.id === id && event.run.state === 'SUCCEEDED');
    const again = await stage.untilEnded(room, id);
    expect(again.text).toBe('That was all.');
    expect(speakersIn(again.run)).toEqual(['rex', 'sue']);
    expect([stage.countOf('Rex'), stage.countOf('Sue'), stage.countOf('Shaky')]).toEqual([1, 1, 5]);
    await stage.leave(room, { [id]: 1 });
  });

  it('is nobody where none of them can speak, and the run says so', async () => {
    const members = await trio('Ned', 'Ole');
    const team = await stage.team('Silent', members, { groupChat: { maxRounds: 1 } });
    stage.script('Ned', stage.model.fail());
    stage.script('Ole', stage.model.fail());
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'TEAM_EMPTY', retryable: true } });
    await stage.leave(room);
  });
});
