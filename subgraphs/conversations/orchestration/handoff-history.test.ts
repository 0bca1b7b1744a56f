import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const ARCHIVE = 'mutation ($id: ID!) { archiveAgent(input: { agentId: $id, force: true }) { agent { id } } }';

describe('a conversation that is handed over', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const handTo = (name: string) => stage.model.callTools([`hand_to_${name}`, { reason: 'Yours.' }]);
  /** Two agents, of which the first may hand over to the second. */
  const pair = async (name: string, flow: object = {}) => {
    const [desk, shop] = await Promise.all([stage.agent(`Desk${name}`), stage.agent(`Shop${name}`)]);
    const [from, to] = [desk, shop].map((agent) => agent.name.toLowerCase()) as [string, string];
    const team = await stage.team(`Hand${name}`, [desk, shop], { handoff: { edges: [{ from, to }], ...flow } });
    return { team, shop, to };
  };

  it.each([
    ['FULL', ['MAGENTA', 'Noted.'], []],
    ['SUMMARY', ['A colour was named.'], ['MAGENTA', 'Noted.']],
    ['NONE', [], ['MAGENTA', 'Noted.', 'A colour was named.']],
  ])('goes along: %s', async (history, shown, hidden) => {
    const { team, to } = await pair(history, { history });
    stage.script(`Desk${history}`, say('Noted.'), handTo(to), say('A colour was named.'));
    stage.script(`Shop${history}`, say('It is me.'));
    const room = await stage.enter(team);
    await stage.ask(room, 'The word is MAGENTA.');
    const { run, text } = await stage.ask(room, 'Who knows it?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('It is me.');
    const told = stage.told(`Shop${history}`);
    for (const part of ['Who knows it?', 'Yours.', ...shown]) expect(told).toContain(part);
    for (const part of hidden) expect(told).not.toContain(part);
    // Whoever hands over is asked to sum up, with all that was said before it.
    expect(stage.countOf(`Desk${history}`)).toBe(history === 'SUMMARY' ? 3 : 2);
    if (history === 'SUMMARY') expect(stage.told('DeskSUMMARY')).toContain('MAGENTA');
    await stage.leave(room);
  });

  it.each([
    ['STICKY', ['shop'], ['shop'], 'From the shop.'],
    ['RETURN_TO_ROOT_NEXT_TURN', ['shop'], ['desk'], 'From the shop.'],
    ['RETURN_TO_PARENT', ['shop', 'desk'], ['desk'], 'From the shop.\n\nFrom the desk.'],
  ])('is whose afterwards: %s', async (returns, during, next, said) => {
    const { team, to } = await pair(returns, { returns });
    stage.script(`Desk${returns}`, handTo(to), ...Array.from({ length: 2 }, () => say('From the desk.')));
    stage.script(`Shop${returns}`, ...Array.from({ length: 2 }, () => say('From the shop.')));
    const room = await stage.enter(team);
    const answersOf = (steps: { kind: string; name: string }[]) =>
      steps.filter(({ kind }) => kind === 'AGENT').map(({ name }) => name.slice(0, 4));
    const first = await stage.ask(room, 'Who knows it?');
    expect(answersOf(first.run.steps)).toEqual(['desk', ...during]);
    expect(first.text).toBe(said);
    const second = await stage.ask(room, 'And this?');
    expect(answersOf(second.run.steps)).toEqual(next);
    await stage.leave(room);
  });

  it('comes back the way it went with RETURN_TO_PARENT, through everybody who handed it over', async () => {
    const names = ['Ava', 'Ben', 'Cat'];
    const members = await Promise.all(names.map((name) => stage.agent(name)));
    const edges = [
      { from: 'ava', to: 'ben' },
      { from: 'ben', to: 'cat' },
    ];
    const team = await stage.team('Chain', members, { handoff: { edges, returns: 'RETURN_TO_PARENT' } });
    stage.script('Ava', handTo('ben'), say('ava closes'));
    stage.script('Ben', handTo('cat'), say('ben adds'));
    stage.script('Cat', say('cat knows'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Who knows it?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('cat knows\n\nben adds\n\nava closes');
    const trail = run.steps.filter(({ kind }) => kind === 'AGENT').map(({ name }) => name);
    expect(trail).toEqual(['ava', 'ben', 'cat', 'ben', 'ava']);
    expect(stage.told('Ben')).toContain('cat knows');
    for (const part of ['cat knows', 'ben adds']) expect(stage.told('Ava')).toContain(part);
    await stage.leave(room);
  });

  it('stays with whoever has it behind a run that failed, or was cancelled', async () => {
    const { team, to } = await pair('Kept');
    const held = stage.model.held('I was');
    stage.script('DeskKept', handTo(to), say('never'));
    stage.script('ShopKept', say('From the shop.'), stage.model.fail(), held.play, say('Still the shop.'));
    const room = await stage.enter(team);
    await stage.ask(room, 'Who knows it?');
    expect((await stage.ask(room, 'And this?')).run.state).toBe('FAILED');
    const id = await stage.send(room, 'Now?');
    await room.reader.until(({ text }) => text === 'I was');
    await stage.owner.client.request('mutation ($id: ID!) { cancelRun(input: { runId: $id }) { run { id } } }', { id });
    expect((await stage.untilEnded(room, id)).run.state).toBe('CANCELLED');
    expect((await stage.ask(room, 'And now?')).text).toBe('Still the shop.');
    expect(stage.countOf('DeskKept')).toBe(1);
    await stage.leave(room);
  });

  it('goes back to who begins where whoever has it cannot answer any more', async () => {
    const { team, shop, to } = await pair('Lost');
    stage.script('DeskLost', handTo(to), say('Then I answer.'));
    stage.script('ShopLost', say('From the shop.'));
    const room = await stage.enter(team);
    expect((await stage.ask(room, 'Who knows it?')).text).toBe('From the shop.');
    await stage.owner.client.request(ARCHIVE, { id: shop.id });
    const { run, text } = await stage.ask(room, 'And this?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('Then I answer.');
    await stage.leave(room);
  });
});
