import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeededAgent } from '#test/support/seed';
import { DECIDE, type TeamRun, TeamStage } from './team.fixture.ts';

const ARCHIVE = 'mutation ($id: ID!) { archiveAgent(input: { agentId: $id, force: true }) { agent { id } } }';

describe('the choice of a router', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const archive = ({ id }: SeededAgent) => stage.owner.client.request(ARCHIVE, { id });
  const choose = (node: string, confidence: number) => say(JSON.stringify({ node, confidence, reason: 'A guess.' }));
  const decisionIn = ({ steps }: TeamRun) => steps.find(({ kind, name }) => kind === 'DECISION' && name === 'route');
  const reasonsIn = (run: TeamRun) => decisionIn(run)?.decision?.reasons?.join(' ');

  it('is that of the first rule that is true, and the model is not asked', async () => {
    const members = await Promise.all([stage.agent('Early'), stage.agent('Later')]);
    const rules = [
      // What cannot be evaluated is not true.
      { condition: 'int(input) > 0', node: 'later' },
      { condition: 'input.contains("a")', node: 'early' },
      { condition: 'input.contains("ab")', node: 'later' },
    ];
    const team = await stage.team('Ordered', members, { router: { rules } });
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'ab');
    expect(decisionIn(run)).toMatchObject({ output: 'early', decision: { node: 'early', by: 'RULE' } });
    expect(stage.countOf('Ordered')).toBe(0);
    await stage.leave(room);
  });

  it("is a person's where the model is not sure enough and there is no default", async () => {
    const members = await Promise.all([stage.agent('Una'), stage.agent('Vic')]);
    const team = await stage.team('Unsure', members, { router: { threshold: 0.7 } });
    stage.script('Unsure', choose('una', 0.69));
    stage.script('Vic', say('It is me.'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Who?');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting).toMatchObject({ waitingFor: 'INPUT', approvals: [{ kind: 'CHOICE', state: 'PENDING' }] });
    expect(reasonsIn(waiting)).toContain('below the threshold of 0.7');
    await stage.decide(waiting.approvals[0]?.id, 'EDIT', { arguments: { node: 'vic' } });
    const { run, text } = await stage.untilEnded(room, id);
    expect(text).toBe('It is me.');
    expect(decisionIn(run)).toMatchObject({ output: 'vic', decision: { node: 'vic', by: 'PERSON' } });
    // The model is not asked again behind it.
    expect(stage.countOf('Unsure')).toBe(1);
    await stage.leave(room);
  });

  it.each([
    ['makes no sense', () => say('Whoever.'), 'SUCCEEDED'],
    ['names nobody', () => choose('nobody', 1), 'SUCCEEDED'],
    ['fails', () => stage.model.fail(), 'PARTIAL'],
  ])('is the default where the answer of the model %s', async (_, play, state) => {
    const members = await Promise.all([stage.agent('Wim'), stage.agent('Xia')]);
    const team = await stage.team('Vague', members, { router: { defaultNode: 'xia' } });
    stage.script('Vague', play());
    stage.script('Xia', say('It is me.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Who?');
    expect(run.state).toBe(state);
    expect(text).toBe('It is me.');
    expect(decisionIn(run)).toMatchObject({ decision: { node: 'xia', by: 'DEFAULT' } });
    expect(reasonsIn(run)).toContain('The model');
    await stage.leave(room);
  });

  it('is made anew with a retry where the model has failed', async () => {
    const members = await Promise.all([stage.agent('Ula'), stage.agent('Val')]);
    const team = await stage.team('Later', members, { router: { defaultNode: 'val' } });
    stage.script('Later', stage.model.fail(), choose('ula', 1));
    stage.script('Val', say('In place of Ula.'));
    stage.script('Ula', say('It is me.'));
    const room = await stage.enter(team);
    const { id, run, text } = await stage.ask(room, 'Who?');
    expect(run).toMatchObject({ state: 'PARTIAL', error: { code: 'PARTIAL' } });
    expect(text).toBe('In place of Ula.');
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    await room.reader.until((event) => event.run?.id === id && event.run.state === 'SUCCEEDED');
    const again = await stage.untilEnded(room, id);
    expect(again.text).toBe('It is me.');
    expect(decisionIn(again.run)).toMatchObject({ output: 'ula', decision: { by: 'MODEL' } });
    expect([stage.countOf('Ula'), stage.countOf('Val')]).toEqual([1, 1]);
    await stage.leave(room, { [id]: 1 });
  });

  it('is offered to a person among those who can answer; where nobody can, the run ends', async () => {
    const [gone, here] = await Promise.all([stage.agent('Tia'), stage.agent('Tom')]);
    const rules = [{ condition: 'input == "Tia"', node: 'tia' }];
    const team = await stage.team('Few', [gone, here], { router: { classify: false, rules } });
    stage.script('Tom', say('It is me.'));
    const room = await stage.enter(team);
    await archive(gone);
    const id = await stage.send(room, 'Tia');
    const waiting = await stage.untilWaiting(room, id);
    expect(reasonsIn(waiting)).toContain('tia cannot answer now.');
    const approvalId = waiting.approvals[0]?.id;
    const refused = await stage.owner.client.refusal(DECIDE, {
      input: { approvalId, decision: 'EDIT', arguments: { node: 'tia' } },
    });
    expect(refused.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.arguments' }] });
    await stage.decide(approvalId, 'EDIT', { arguments: { node: 'tom' } });
    expect((await stage.untilEnded(room, id)).text).toBe('It is me.');
    await archive(here);
    const { run } = await stage.ask(room, 'And now?');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'AGENT_UNAVAILABLE' }, approvals: [] });
    await stage.leave(room);
  });

  it('is the model where it is as sure as it has to be, with its reason', async () => {
    const members = await Promise.all([stage.agent('Yan'), stage.agent('Zoe')]);
    const team = await stage.team('Sure', members, { router: { threshold: 0.7, defaultNode: 'yan' } });
    stage.script('Sure', choose('zoe', 0.7));
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Who?');
    expect(decisionIn(run)?.decision).toMatchObject({ node: 'zoe', by: 'MODEL', confidence: 0.7 });
    expect(reasonsIn(run)).toContain('A guess.');
    await stage.leave(room);
  });
});
