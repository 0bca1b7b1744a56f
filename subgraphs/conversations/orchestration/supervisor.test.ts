import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from './team.fixture.ts';

const ARCHIVE = 'mutation ($id: ID!) { archiveAgent(input: { agentId: $id, force: true }) { agent { id } } }';

describe('a supervisor', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const ask = (...calls: [node: string, task: string][]) =>
    stage.model.callTools(...calls.map(([node, task]): [string, { task: string }] => [node, { task }]));

  it('alone knows the room: a sub-agent is shown its task, and neither what was said nor the others', async () => {
    const [one, two] = await Promise.all([stage.agent('One'), stage.agent('Two')]);
    const boss = await stage.team('Boss', [one, two], { supervisor: {} });
    stage.script('Boss', say('Noted.'), ask(['one', 'look left']), ask(['two', 'look right']), say('Both are seen.'));
    stage.script('One', say('left is seen'));
    stage.script('Two', say('right is seen'));
    const room = await stage.enter(boss);
    await stage.ask(room, 'The word is MAGENTA.');
    const { run, text } = await stage.ask(room, 'Look around.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('Both are seen.');
    for (const [name, task, others] of [
      ['One', 'look left', ['look right', 'right is seen']],
      ['Two', 'look right', ['look left', 'left is seen']],
    ] as const) {
      expect(stage.told(name)).toContain(task);
      for (const part of ['MAGENTA', 'Look around.', ...others]) expect(stage.told(name)).not.toContain(part);
    }
    for (const part of ['MAGENTA', 'left is seen', 'right is seen']) expect(stage.told('Boss')).toContain(part);
    // Nothing of it was said to the room but the answer.
    const authors = room.reader.events.filter(({ __typename }) => __typename === 'MessageCompleted');
    expect(authors.map(({ message }) => message?.text)).toEqual(['Noted.', 'Both are seen.']);
    await stage.leave(room);
  });

  it('is told as a result of every way in which a sub-agent can fail, and goes on', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const members = await Promise.all([
      stage.agent('Form', { outputSchema: schema }),
      stage.agent('Late', { limits: { stepTimeoutMs: 300 } }),
      stage.agent('Gone'),
    ]);
    const boss = await stage.team('Chief', members, { supervisor: {} });
    await stage.owner.client.request(ARCHIVE, { id: members[2]?.id });
    stage.script('Chief', ask(['form', 'a'], ['late', 'b'], ['gone', 'c'], ['form', ' ']), say('None of them could.'));
    stage.script('Form', say('no'), say('no'));
    // It never answers, however often it is asked.
    stage.script('Late', ...Array.from({ length: 9 }, () => () => {}));
    const room = await stage.enter(boss);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(text).toBe('None of them could.');
    for (const code of ['OUTPUT_INVALID', 'MODEL_TIMEOUT', 'AGENT_UNAVAILABLE', 'INVALID_ARGUMENTS']) {
      expect(stage.told('Chief')).toContain(code);
    }
    const states = run.steps.filter(({ kind }) => kind === 'AGENT').map(({ name, error }) => [name, error?.code]);
    expect(Object.fromEntries(states)).toEqual({
      form: 'OUTPUT_INVALID',
      late: 'MODEL_TIMEOUT',
      gone: 'AGENT_UNAVAILABLE',
    });
    await stage.leave(room);
  });

  it('is given the value where a sub-agent answers in a form', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const typed = await stage.agent('Typed', { outputSchema: schema });
    const boss = await stage.team('Reader', [typed], { supervisor: {} });
    stage.script('Reader', ask(['typed', 'fill it in']), say('It is b.'));
    stage.script('Typed', say('```json\n{"a":   "b"}\n```'));
    const room = await stage.enter(boss);
    expect((await stage.ask(room, 'Go.')).text).toBe('It is b.');
    expect(stage.told('Reader')).toContain(JSON.stringify('{"a":"b"}').slice(1, -1));
    await stage.leave(room);
  });
});
