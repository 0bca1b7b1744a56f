import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const CITY = {
  type: 'object',
  properties: {
    city: {
      type: 'object',
      properties: { name: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
      required: ['name'],
    },
  },
  required: ['city'],
};

describe('a sequence', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);

  it('maps parts of what a step put out, where that is of a form', async () => {
    const [find, tell] = await Promise.all([stage.agent('Find', { outputSchema: CITY }), stage.agent('Tell')]);
    const mapping =
      'To {{input}}: {{outputs.find.city.name}}, {{ outputs.find.city.tags }}, ({{outputs.find.city.age}})';
    const team = await stage.team('Typed', [find, tell], {
      sequential: { steps: [{ node: 'find' }, { node: 'tell', mapping }] },
    });
    stage.script('Find', say('{"city": {"name": "Rome", "tags": ["old", "warm"]}}'));
    stage.script('Tell', say('Go to Rome.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Where?');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('Go to Rome.');
    const given = run.steps.find(({ name, kind }) => name === 'tell' && kind === 'AGENT')?.input;
    expect(given).toBe('To Where?: Rome, ["old","warm"], ()');
    expect(stage.told('Tell')).toContain(JSON.stringify(given).slice(1, -1));
    await stage.leave(room);
  });

  it.each([
    ['FAIL', {}, 'FAILED', ''],
    ['DEFAULT_VALUE', { defaultValue: 'nowhere' }, 'SUCCEEDED', 'So nowhere.'],
    ['FALLBACK_AGENT', { fallbackNode: 'spare' }, 'SUCCEEDED', 'So to the spare one.'],
    ['SKIP', {}, 'PARTIAL', 'So to the first.'],
  ])('of a step whose answer has another form than was asked for: %s', async (onError, settings, state, said) => {
    const [first, free, spare, end] = await Promise.all([
      stage.agent('First'),
      stage.agent('Free', { outputSchema: CITY }),
      stage.agent('Spare'),
      stage.agent('End'),
    ]);
    const steps = [
      { node: 'first' },
      { node: 'free', onError, ...settings },
      { node: 'end', input: 'LAST' },
      ...(onError === 'FALLBACK_AGENT' ? [] : [{ node: 'spare', onError: 'SKIP' }]),
    ];
    const team = await stage.team('Formal', [first, free, spare, end], { sequential: { steps } });
    stage.script('First', say('first'));
    stage.script('Free', say('Rome'), say('{"town": "Rome"}'));
    stage.script('Spare', onError === 'FALLBACK_AGENT' ? say('spare') : say(said));
    stage.script('End', say(said));
    const before = stage.countOf('End');
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Where?');
    expect(run.state).toBe(state);
    expect(text).toBe(said);
    const failed = run.steps.find(({ name, kind }) => name === 'free' && kind === 'AGENT');
    expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_INVALID' } });
    expect(failed?.error?.message).toContain('city');
    expect(stage.countOf('End') - before).toBe(state === 'FAILED' ? 0 : 1);
    const next = { DEFAULT_VALUE: 'nowhere', FALLBACK_AGENT: 'spare', SKIP: 'first' }[onError];
    if (next) expect(run.steps.find(({ name, kind }) => name === 'end' && kind === 'AGENT')?.input).toBe(next);
    if (state === 'FAILED') expect(run.error).toMatchObject({ code: 'OUTPUT_INVALID', retryable: true });
    await stage.leave(room);
  });

  it('is of a form itself, where that is asked for: its own model brings what came of it into that', async () => {
    const [scout, tell] = await Promise.all([stage.agent('Scout'), stage.agent('Told')]);
    const inner = await stage.team('Inner', [scout], { sequential: {} }, { outputSchema: CITY });
    const mapping = 'It is {{outputs.inner.city.name}}.';
    const steps = [{ node: 'inner' }, { node: 'told', mapping }];
    const team = await stage.team('Outer', [inner, tell], { sequential: { steps } }, { outputSchema: CITY });
    stage.script('Scout', say('Lima it is.'));
    stage.script('Inner', say('{"city": {"name": "Lima"}}'));
    stage.script('Told', say('{"city": {"name": "Lima", "tags": []}}'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Where?');
    expect(run.state).toBe('SUCCEEDED');
    expect(run.steps.find(({ name, kind }) => name === 'told' && kind === 'AGENT')?.input).toBe('It is Lima.');
    expect(JSON.parse(text)).toEqual({ city: { name: 'Lima', tags: [] } });
    for (const part of ['Where?', 'Lima it is.', 'It is not JSON.']) expect(stage.told('Inner')).toContain(part);
    // What is of the form already is not asked for again.
    expect([stage.countOf('Inner'), stage.countOf('Outer')]).toEqual([1, 0]);

    stage.script('Scout', say('{"city": {"name": "Lima"}}'));
    stage.script('Told', say('Lima.'));
    stage.script('Outer', say('Lima!'));
    const failed = await stage.ask(room, 'And again?');
    expect(failed.run).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_INVALID' } });
    expect(failed.text).toBe('');
    expect([stage.countOf('Inner'), stage.countOf('Outer')]).toEqual([1, 1]);
    await stage.leave(room);
  });

  it('maps parts of a default value as well', async () => {
    const [find, tell] = await Promise.all([stage.agent('Seek', { outputSchema: CITY }), stage.agent('Say')]);
    const defaultValue = '{"city": {"name": "Oslo"}}';
    const mapping = 'It is {{outputs.seek.city.name}}.';
    const steps = [
      { node: 'seek', defaultValue },
      { node: 'say', mapping },
    ];
    const team = await stage.team('Default', [find, tell], { sequential: { steps } });
    stage.script('Seek', stage.model.fail());
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Where?');
    expect(run.state).toBe('SUCCEEDED');
    expect(run.steps.find(({ name, kind }) => name === 'say' && kind === 'AGENT')?.input).toBe('It is Oslo.');
    await stage.leave(room);
  });

  it('that fails keeps what was put out before, also for the next try', async () => {
    const [ann, bob] = await Promise.all([stage.agent('Ann'), stage.agent('Bob')]);
    const team = await stage.team('Kept', [ann, bob], { sequential: {} });
    stage.script('Ann', say('from Ann'));
    stage.script('Bob', stage.model.fail(), say('from Bob'));
    const room = await stage.enter(team);
    const { id, run } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_INVALID_REQUEST' } });
    const ended = run.steps.find(({ name, kind }) => name === 'ann' && kind === 'AGENT');
    expect(ended).toMatchObject({ state: 'SUCCEEDED', output: { text: 'from Ann' } });
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    await room.reader.until((event) => event.run?.id === id && event.run.state === 'SUCCEEDED');
    expect((await stage.untilEnded(room, id)).text).toBe('from Bob');
    expect([stage.countOf('Ann'), stage.countOf('Bob')]).toEqual([1, 2]);
    expect(stage.told('Bob')).toContain('from Ann');
    await stage.leave(room, { [id]: 1 });
  });

  it('that has skipped who could not answer gives the next one its output once it can', async () => {
    const change = (mutation: string, id: string) =>
      stage.owner.client.request(`mutation ($id: ID!) { ${mutation} { agent { id } } }`, { id });
    const [away, last] = await Promise.all([stage.agent('Away'), stage.agent('Last')]);
    const steps = [{ node: 'away', onError: 'SKIP' }, { node: 'last' }];
    const team = await stage.team('Missing', [away, last], { sequential: { steps } });
    await change('archiveAgent(input: { agentId: $id, force: true })', away.id);
    stage.script('Away', say('away is back'));
    stage.script('Last', say('Without it.'), say('With it.'));
    const room = await stage.enter(team);
    const { id, run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('PARTIAL');
    expect(text).toBe('Without it.');
    expect(run.steps.find(({ name }) => name === 'away')).toMatchObject({
      kind: 'AGENT',
      state: 'FAILED',
      error: { code: 'AGENT_UNAVAILABLE' },
    });
    await change('restoreAgent(input: { agentId: $id })', away.id);
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    await room.reader.until((event) => event.run?.id === id && event.run.state === 'SUCCEEDED');
    expect((await stage.untilEnded(room, id)).text).toBe('With it.');
    expect(stage.told('Last')).toContain('away is back');
    await stage.leave(room, { [id]: 1 });
  });

  it('goes on behind a question though who has done its part is gone', async () => {
    const asks = { tools: [{ name: 'current_time', approval: { rule: 'ALWAYS' } }] };
    const [early, late] = await Promise.all([stage.agent('Early'), stage.agent('Late', asks)]);
    const team = await stage.team('Going', [early, late], { sequential: {} });
    stage.script('Early', say('early is done'));
    stage.script('Late', stage.model.callTools(['current_time', {}]), say('late is done'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go.');
    const waiting = await stage.untilWaiting(room, id);
    await stage.owner.client.request(
      'mutation ($id: ID!) { archiveAgent(input: { agentId: $id, force: true }) { agent { id } } }',
      { id: early.id },
    );
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(text).toBe('late is done');
    expect(stage.told('Late')).toContain('early is done');
    await stage.leave(room);
  });

  it('of which every step is skipped has no answer, and says so', async () => {
    const [one, two] = await Promise.all([stage.agent('Wea'), stage.agent('Web')]);
    const steps = ['wea', 'web'].map((node) => ({ node, onError: 'SKIP' }));
    const team = await stage.team('Empty', [one, two], { sequential: { steps } });
    stage.script('Wea', stage.model.fail());
    stage.script('Web', stage.model.fail());
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'TEAM_EMPTY', retryable: true } });
    expect(run.error?.message).toBe('Every step of the team failed and was skipped, so that there is no answer.');
    await stage.leave(room);
  });
});
