import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TeamRun, TeamStage } from './team.fixture.ts';

const ARCHIVE = 'mutation ($id: ID!) { archiveAgent(input: { agentId: $id, force: true }) { agent { id } } }';

describe('the edges of a handoff', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const handTo = (...names: string[]) =>
    stage.model.callTools(
      ...names.map((name): [string, { reason: string }] => [`hand_to_${name}`, { reason: 'Yours.' }]),
    );
  const trailOf = ({ steps }: TeamRun) => steps.filter(({ kind }) => kind === 'AGENT').map(({ name }) => name);

  it('are the only ways, from where they begin to where they lead, and are taken once', async () => {
    const [ann, bob, cid] = await Promise.all([stage.agent('Ann'), stage.agent('Bob'), stage.agent('Cid')]);
    const edges = [
      { from: 'ann', to: 'bob' },
      { from: 'ann', to: 'cid' },
    ];
    const team = await stage.team('Ways', [ann, bob, cid], { handoff: { edges } });
    stage.script('Ann', handTo('bob', 'cid'));
    stage.script('Bob', handTo('ann'), handTo('cid'), say('It is mine.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Whose is it?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('It is mine.');
    expect(trailOf(run)).toEqual(['ann', 'bob']);
    expect(stage.told('Ann', 0)).toContain('hand_to_cid');
    expect(stage.told('Bob', 0)).not.toContain('hand_to_');
    expect(stage.told('Bob')).toContain('UNKNOWN_TOOL');
    expect(stage.countOf('Cid')).toBe(0);
    await stage.leave(room);
  });

  it('to who cannot answer are refused, and the conversation stays where it is', async () => {
    const [desk, gone] = await Promise.all([stage.agent('Desk'), stage.agent('Gone')]);
    const team = await stage.team('Offline', [desk, gone], { handoff: { edges: [{ from: 'desk', to: 'gone' }] } });
    await stage.owner.client.request(ARCHIVE, { id: gone.id });
    stage.script('Desk', handTo('gone'), say('Then I answer.'), say('I am still here.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Who is there?');
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(text).toBe('Then I answer.');
    expect(trailOf(run)).toEqual(['desk']);
    for (const part of ['NOT_HANDED_OVER', 'gone cannot answer now']) expect(stage.told('Desk')).toContain(part);
    const next = await stage.ask(room, 'And now?');
    expect(trailOf(next.run)).toEqual(['desk']);
    await stage.leave(room);
  });

  it('lead to and fro twice between two, and not once more', async () => {
    const [ping, pong] = await Promise.all([stage.agent('Ping'), stage.agent('Pong')]);
    const edges = [
      { from: 'ping', to: 'pong' },
      { from: 'pong', to: 'ping' },
    ];
    const team = await stage.team('Table', [ping, pong], { handoff: { edges } });
    stage.script('Ping', handTo('pong'), handTo('pong'), handTo('pong'), say('Then I keep it.'));
    stage.script('Pong', handTo('ping'), handTo('ping'), say('never'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Whose is it?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('Then I keep it.');
    expect(trailOf(run)).toEqual(['ping', 'pong', 'ping', 'pong', 'ping']);
    expect(stage.told('Ping')).toContain('back and forth');
    await stage.leave(room);
  });

  it('are taken as often as maxHandoffs says: then the run ends, and names the limit', async () => {
    const members = await Promise.all([stage.agent('Ida'), stage.agent('Jon'), stage.agent('Kay')]);
    const edges = [
      { from: 'ida', to: 'jon' },
      { from: 'jon', to: 'kay' },
    ];
    const team = await stage.team('Short', members, { handoff: { edges } }, { limits: { maxHandoffs: 1 } });
    stage.script('Ida', handTo('jon'));
    stage.script('Jon', handTo('kay'));
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Whose is it?');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED', error: { code: 'LIMIT_REACHED' } });
    expect(run.error?.message).toContain('maxHandoffs of 1');
    expect(stage.countOf('Kay')).toBe(0);
    await stage.leave(room);
  });
});
