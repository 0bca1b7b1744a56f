import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { TeamStage } from './team.fixture.ts';

const CLOCK = [{ name: 'current_time' }];

describe('behind a limit', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const askTime = () => stage.model.callTools(['current_time', {}]);
  /** Asks for the time, at the cost of so many tokens. */
  const askFor = (total: number) => (response: ServerResponse) => {
    const { dialect } = stage.model;
    const usage = { prompt_tokens: total - 10, completion_tokens: 10, total_tokens: total };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(dialect.calls([{ id: newId(), name: 'current_time', args: {} }]) + dialect.finish('STOP', usage));
  };

  it.each([
    ['maxSteps', { maxSteps: 2 }],
    ['maxToolCalls', { maxToolCalls: 1 }],
  ])('the model closes with what it has, where it is to: %s', async (limit, limits) => {
    const name = `Sum${limit}`;
    const agent = await stage.agent(name, { tools: CLOCK, limits: { ...limits, onLimit: 'SUMMARISE' } });
    stage.script(name, askTime(), ...(limit === 'maxSteps' ? [] : [askTime()]), say('So far, so good.'));
    const room = await stage.enter(agent);
    const { run, text } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED', error: { code: 'LIMIT_REACHED' } });
    expect(run.error?.message).toContain(limit);
    expect(text).toBe('So far, so good.');
    // It knows why it has to stop, and what was found; and has nothing to call any more.
    for (const part of [limit, 'utc']) expect(stage.told(name)).toContain(part);
    expect(stage.model.callsOf(`<${name}>`).at(-1)?.body).not.toHaveProperty('tools');
    await stage.leave(room);
  });

  it.each([
    ['maxSteps', { maxSteps: 2 }, askTime],
    ['maxTokens', { maxTokens: 3_000 }, () => askFor(2_995)],
    ['maxToolCalls', { maxToolCalls: 1 }, askTime],
  ])('a person is asked, and allows as much again: %s', async (limit, limits, first) => {
    const name = `Ask${limit}`;
    const agent = await stage.agent(name, { tools: CLOCK, limits: { ...limits, onLimit: 'ESCALATE' } });
    stage.script(name, first(), ...(limit === 'maxToolCalls' ? [askTime()] : []), say('Done.'));
    const room = await stage.enter(agent);
    const id = await stage.send(room, 'Go on.');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting).toMatchObject({
      waitingFor: 'APPROVAL',
      approvals: [{ kind: 'LIMIT', subject: limit, state: 'PENDING' }],
    });
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1, error: null });
    expect(text).toBe('Done.');
    // What was done before the question is not done again.
    expect(stage.countOf(name)).toBe(limit === 'maxToolCalls' ? 3 : 2);
    await stage.leave(room);
  });

  it('nobody answers in time: then the limit holds, and what waits in the room goes on', async () => {
    const agent = await stage.agent('Patient', { tools: CLOCK, limits: { maxTurns: 1, onLimit: 'ESCALATE' } });
    stage.script('Patient', askTime(), say('Next.'));
    const room = await stage.enter(agent);
    const id = await stage.send(room, 'Go on.');
    const [asked] = (await stage.untilWaiting(room, id)).approvals;
    const second = await stage.send(room, 'And this?');
    // The day is over.
    await stage.test.pool().query('update approvals set expires_at = now() where id = $1', [asked?.id]);
    const { run } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'LIMIT_REACHED', approvals: [{ state: 'REJECTED' }] });
    expect(run.error?.message).toContain('maxTurns');
    expect((await stage.untilEnded(room, second)).text).toBe('Next.');
    await stage.leave(room);
  });

  it('of a team its own model closes, with what its members have made', async () => {
    const [ann, bob] = await Promise.all([stage.agent('Ann'), stage.agent('Bob', { tools: CLOCK })]);
    const limits = { maxToolCalls: 1, onLimit: 'SUMMARISE' };
    const team = await stage.team('Line', [ann, bob], { sequential: {} }, { limits });
    stage.script('Ann', say('ann is done'));
    stage.script('Bob', askTime(), askTime(), say('never'));
    stage.script('Line', say('Ann is done, Bob is not.'));
    const room = await stage.enter(team);
    const { run, text } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED', error: { code: 'LIMIT_REACHED' } });
    expect(text).toBe('Ann is done, Bob is not.');
    for (const part of ['Go on.', 'ann is done', 'maxToolCalls of 1']) expect(stage.told('Line')).toContain(part);
    await stage.leave(room);
  });

  it.each([
    ['of it', '{"city": "Rome"}', { state: 'SUCCEEDED', error: null }],
    ['of none', 'Rome, I think.', { state: 'FAILED', error: { code: 'OUTPUT_INVALID' } }],
  ])('a member whose answer has a form closes in one that is %s', async (what, closing, expected) => {
    const [typed, next] = [`Typed ${what}`, `Next ${what}`];
    const outputSchema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const limits = { maxToolCalls: 1, onLimit: 'SUMMARISE' };
    const members = [await stage.agent(typed, { tools: CLOCK, outputSchema, limits }), await stage.agent(next)];
    const nodes = members.map(({ id }, index) => ({ key: `n${index}`, agentId: id }));
    const team = await stage.agent(`Pair ${what}`, { team: { nodes, sequential: {} } });
    stage.script(typed, askTime(), askTime(), say(closing));
    stage.script(next, say('Off we go.'));
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Where?');
    expect(run).toMatchObject(expected);
    expect(stage.model.callsOf(`<${typed}>`).at(-1)?.body).toHaveProperty('response_format');
    if (expected.error) expect(stage.countOf(next)).toBe(0);
    else expect(stage.told(next)).toContain('Rome');
    await stage.leave(room);
  });

  it('the answer of the whole is shown as it is, where it has not its form', async () => {
    const limits = { maxToolCalls: 1, onLimit: 'SUMMARISE' };
    const agent = await stage.agent('Formless', { tools: CLOCK, outputSchema: { type: 'object' }, limits });
    stage.script('Formless', askTime(), askTime(), say('Rome, I think.'));
    const room = await stage.enter(agent);
    const { run, text } = await stage.ask(room, 'Where?');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(text).toBe('Rome, I think.');
    await stage.leave(room);
  });

  it('of a team a person is asked, and its members go on where they were', async () => {
    const [cid, dot] = await Promise.all([stage.agent('Cid'), stage.agent('Dot', { tools: CLOCK })]);
    const limits = { maxToolCalls: 1, onLimit: 'ESCALATE' };
    const team = await stage.team('Queue', [cid, dot], { sequential: {} }, { limits });
    stage.script('Cid', say('cid is done'));
    stage.script('Dot', askTime(), askTime(), say('dot is done'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go on.');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting.approvals).toMatchObject([{ kind: 'LIMIT', subject: 'maxToolCalls' }]);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(text).toBe('dot is done');
    expect([stage.countOf('Cid'), stage.countOf('Dot')]).toEqual([1, 3]);
    const tools = run.steps.filter(({ kind }) => kind === 'TOOL');
    expect(tools.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['SUCCEEDED', 1],
      ['SUCCEEDED', 1],
    ]);
    await stage.leave(room);
  });

  it('of several at once each is asked about, and decided by itself, in any order', async () => {
    const limits = { maxTurns: 1, onLimit: 'ESCALATE' };
    const members = await Promise.all(['Eva', 'Fay'].map((name) => stage.agent(name, { tools: CLOCK, limits })));
    const team = await stage.team('Both', members, { parallel: {} });
    for (const name of ['Eva', 'Fay']) stage.script(name, askTime(), say(`${name} is done`));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go on.');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting.approvals).toHaveLength(2);
    const nameOf = async (approvalId: string) => {
      const { approval } = await stage.owner.client.request<{ approval: { agent: { name: string } } }>(
        'query ($id: ID!) { approval(id: $id) { agent { name } } }',
        { id: approvalId },
      );
      return approval.agent.name;
    };
    const asked = new Map<string, string>();
    for (const each of waiting.approvals) asked.set(await nameOf(each.id), each.id);
    await stage.decide(asked.get('Fay'), 'APPROVE');
    await stage.untilWaiting(room, id, 2);
    await stage.decide(asked.get('Eva'), 'REJECT');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'PARTIAL', attempt: 1 });
    expect(run.error?.message).toContain('Eva: The limit maxTurns of 1 was reached.');
    expect(text).toBe('Fay is done');
    expect([stage.countOf('Eva'), stage.countOf('Fay')]).toEqual([1, 2]);
    await stage.leave(room);
  });

  it('of a member a person is asked as well, while the team waits; refused, it is the failure of the member', async () => {
    const member = await stage.agent('Helper', { tools: CLOCK, limits: { maxSteps: 1, onLimit: 'ESCALATE' } });
    const boss = await stage.team('Boss', [member], { supervisor: {} });
    stage.script('Boss', stage.model.callTools(['helper', { task: 'look' }]), say('It could not.'));
    stage.script('Helper', askTime());
    const room = await stage.enter(boss);
    const id = await stage.send(room, 'Go.');
    const waiting = await stage.untilWaiting(room, id);
    expect(waiting.approvals).toMatchObject([{ kind: 'LIMIT', subject: 'maxSteps' }]);
    await stage.decide(waiting.approvals[0]?.id, 'REJECT');
    const { run, text } = await stage.untilEnded(room, id);
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('It could not.');
    expect(run.steps.find(({ name }) => name === 'helper')?.error).toMatchObject({ code: 'LIMIT_REACHED' });
    for (const part of ['LIMIT_REACHED', 'maxSteps']) expect(stage.told('Boss')).toContain(part);
    expect([stage.countOf('Boss'), stage.countOf('Helper')]).toEqual([2, 1]);
    await stage.leave(room);
  });
});
