import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { isFinal } from '#test/support/room-reader';
import { type TeamRoom, TeamStage } from './team.fixture.ts';

const CLOCK = [{ name: 'current_time' }];

describe('limits', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const until = async (isSo: () => boolean) => {
    while (!isSo()) await sleep(20);
  };
  const say = (text: string) => stage.model.answer(text);
  const askTime = (time = 0) => stage.model.callTools(['current_time', time ? { timeZone: 'UTC' } : {}]);

  it.each([
    ['maxTurns', { maxTurns: 2 }],
    ['maxToolCalls', { maxToolCalls: 1 }],
    ['maxSteps', { maxSteps: 3 }],
    ['maxTokens', { maxTokens: 40 }],
  ])('end the run and are named: %s', async (name, limits) => {
    const agent = await stage.agent(`Stop${name}`, { tools: CLOCK, limits });
    stage.script(`Stop${name}`, askTime(), askTime(1), askTime(), say('never'));
    const room = await stage.enter(agent);
    const { run } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED', error: { code: 'LIMIT_REACHED', retryable: false } });
    expect(run.error?.message).toContain(name);
    await stage.leave(room);
  });

  it('of time end a model that takes longer', async () => {
    const agent = await stage.agent('Slow', { limits: { maxWallMs: 300 } });
    stage.script('Slow', stage.model.held('So far').play);
    const room = await stage.enter(agent);
    const { run, text } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(run.error?.message).toContain('maxWallMs');
    expect(text).toBe('So far');
    await stage.leave(room);
  });

  it('of time let the model close, or ask a person, where they say so', async () => {
    const late = await stage.agent('Late', { limits: { maxWallMs: 300, onLimit: 'SUMMARISE' } });
    stage.script('Late', stage.model.held('So far').play, say('That is all.'));
    const closing = await stage.enter(late);
    const closed = await stage.ask(closing, 'Go on.');
    expect(closed.run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(closed.run.error?.message).toContain('maxWallMs');
    expect(closed.text).toBe('So far\n\nThat is all.');
    await stage.leave(closing);

    const asks = await stage.agent('Asks', { limits: { maxWallMs: 3_000, onLimit: 'ESCALATE' } });
    stage.script('Asks', stage.model.held('So far').play, say('Done.'));
    const room = await stage.enter(asks);
    const runId = await stage.send(room, 'Go on.');
    const waiting = await stage.untilWaiting(room, runId);
    expect(waiting.approvals).toMatchObject([{ kind: 'LIMIT', subject: 'maxWallMs', state: 'PENDING' }]);
    await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
    const { run } = await stage.untilEnded(room, runId);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    await stage.leave(room);
  });

  it('of time go on counting where a reply is begun again', async () => {
    const { dialect } = stage.model;
    const agent = await stage.agent('Shaky', { limits: { maxWallMs: 1_500 } });
    const breakOff = (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      response.write(dialect.text('So far'));
      setTimeout(() => response.destroy(), 500);
    };
    stage.script('Shaky', breakOff, breakOff, breakOff, breakOff);
    const room = await stage.enter(agent);
    const { run } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(run.error?.message).toContain('maxWallMs');
    await room.reader.close();
  });

  it('of time go on counting where a worker is gone, and the time in which nobody took over does not', async () => {
    const agent = await stage.agent('Gone');
    const outcomes = new Map<string, string>();
    for (const worked of ['40 minutes', '1 minute']) {
      stage.script('Gone', stage.model.held('So far').play, say('Done.'));
      const room = await stage.enter(agent);
      const id = await stage.send(room, 'Go on.');
      await room.reader.until(({ text }) => text === 'So far');
      // As if its worker had worked for so long, and had died an hour ago.
      await stage.test.pool().query(
        `update runs set active_since = clock_timestamp() - interval '1 hour' - $2::interval,
                         lease_until = clock_timestamp() - interval '1 hour' where id = $1`,
        [id, worked],
      );
      outcomes.set(worked, (await stage.untilEnded(room, id)).run.state);
      await room.reader.close();
    }
    expect(Object.fromEntries(outcomes)).toEqual({ '40 minutes': 'LIMIT_REACHED', '1 minute': 'SUCCEEDED' });
  });

  it("of a member's time go on counting as well", async () => {
    const slow = await stage.agent('Member', { tools: CLOCK, limits: { maxWallMs: 5_000 } });
    const team = await stage.team('Around', [slow], { supervisor: {} });
    stage.script('Around', stage.model.callTools(['member', { task: 'look' }]), say('It took too long.'));
    stage.script('Member', askTime(), stage.model.held('still').play, say('never'));
    const room = await stage.enter(team);
    const id = await stage.send(room, 'Go on.');
    await until(() => stage.countOf('Member') === 2);
    // As if what has ended had taken so long, and the worker were gone.
    const pool = stage.test.pool();
    await pool.query(
      `update steps set started_at = started_at - interval '1 minute' where run_id = $1 and kind = 'TOOL'
                      and name = 'current_time'`,
      [id],
    );
    await pool.query(`update runs set lease_until = clock_timestamp() where id = $1`, [id]);
    const { run, text } = await stage.untilEnded(room, id);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expect(text).toBe('It took too long.');
    expect(run.steps.find(({ name }) => name === 'member')?.error?.message).toContain('maxWallMs');
    await room.reader.close();
  });

  it('let the model close with what it has, where they say so', async () => {
    const agent = await stage.agent('Sum', { tools: CLOCK, limits: { maxTurns: 1, onLimit: 'SUMMARISE' } });
    stage.script('Sum', askTime(), say('I know the time, and no more.'));
    const room = await stage.enter(agent);
    const { run, text } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(text).toBe('I know the time, and no more.');
    expect(JSON.stringify(stage.model.callsOf('<Sum>').at(-1)?.body)).toContain('maxTurns');
    await stage.leave(room);
  });

  const used =
    (total: number, name = 'current_time') =>
    (response: ServerResponse) => {
      const { dialect } = stage.model;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const usage = { prompt_tokens: total - 10, completion_tokens: 10, total_tokens: total };
      response.end(dialect.calls([{ id: newId(), name, args: {} }]) + dialect.finish('STOP', usage));
    };

  it('of tokens keep back what closing takes, its prompt included', async () => {
    const limits = { maxTokens: 3_000, onLimit: 'SUMMARISE' };
    const agent = await stage.agent('Kept', { tools: CLOCK, limits });
    stage.script('Kept', used(1_200), say('What I found.'));
    const room = await stage.enter(agent);
    const question = 'word '.repeat(780);
    const { run, text } = await stage.ask(room, question);
    expect(run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(run.error?.message).toContain('maxTokens');
    expect(text).toBe('What I found.');
    expect(JSON.stringify(stage.model.callsOf('<Kept>').at(-1)?.body)).toContain(question.trim());
    await stage.leave(room);
  });

  it('of tokens have closing make do with what is left, where that is less', async () => {
    const limits = { maxTokens: 3_000, onLimit: 'SUMMARISE' };
    const agent = await stage.agent('Spent', { tools: CLOCK, limits });
    // The provider counts more than was to be expected.
    stage.script('Spent', used(2_700), say('Cut short.'));
    const room = await stage.enter(agent);
    const { run, text } = await stage.ask(room, 'word '.repeat(780));
    expect(run).toMatchObject({ state: 'LIMIT_REACHED' });
    expect(text).toBe('Cut short.');
    const last = JSON.stringify(stage.model.callsOf('<Spent>').at(-1)?.body);
    expect(last).toContain('Write the closing answer');
    expect(last.length).toBeLessThan(2_000);
    await stage.leave(room);
  });

  it.each([
    ['APPROVE', 'SUCCEEDED', 'Done.'],
    ['REJECT', 'LIMIT_REACHED', ''],
  ])('ask a person, where they say so: %s', async (decision, state, said) => {
    const name = `Esc${decision}`;
    const agent = await stage.agent(name, { tools: CLOCK, limits: { maxTurns: 1, onLimit: 'ESCALATE' } });
    stage.script(name, askTime(), say('Done.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'Go on.');
    const waiting = await stage.untilWaiting(room, runId);
    expect(waiting.approvals).toMatchObject([{ kind: 'LIMIT', subject: 'maxTurns', state: 'PENDING' }]);
    await stage.decide(waiting.approvals[0]?.id, decision);
    const { run, text } = await stage.untilEnded(room, runId);
    expect(run).toMatchObject({ state, attempt: 1 });
    expect(text).toBe(said);
    await stage.leave(room);
  });

  it('of a member are its own failure, and those of the team end the team', async () => {
    const member = await stage.agent('Mem', { tools: CLOCK, limits: { maxTurns: 1 } });
    const boss = await stage.team('BossL', [member], { supervisor: {} });
    stage.script('Mem', askTime());
    stage.script('BossL', stage.model.callTools(['mem', { task: 'look' }]), say('It could not.'));
    const room = await stage.enter(boss);
    const { run, text } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('SUCCEEDED');
    expect(text).toBe('It could not.');
    expect(run.steps.find(({ name }) => name === 'mem')?.error).toMatchObject({ code: 'LIMIT_REACHED' });
    await stage.leave(room);

    // The member may do more by itself; what the team has left counts.
    const eager = await stage.agent('Eager', { tools: CLOCK, limits: { maxToolCalls: 50 } });
    const tight = await stage.team('Tight', [eager], { sequential: {} }, { limits: { maxToolCalls: 1 } });
    stage.script('Eager', askTime(), askTime(1), say('never'));
    const other = await stage.enter(tight);
    const ended = await stage.ask(other, 'Go.');
    expect(ended.run).toMatchObject({ state: 'LIMIT_REACHED' });
    await stage.leave(other);
  });

  it('keep teams from being nested too deep, with the node named', async () => {
    const leaf = await stage.agent('Leaf');
    const low = await stage.team('Low', [leaf], { sequential: {} });
    const mid = await stage.team('Mid', [low], { sequential: {} });
    const { createAgent } = await stage.owner.client.request<{ createAgent: { published: boolean; reason: string } }>(
      'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { published reason } }',
      { input: { name: 'High', team: { nodes: [{ key: 'mid', agentId: mid.id }], sequential: {} } } },
    );
    expect(createAgent.published).toBe(false);
    for (const part of ['mid', 'Mid', 'Low', 'Leaf', 'maxDepth']) expect(createAgent.reason).toContain(part);
  });

  it.each(['STOP', 'ESCALATE'])(
    'of depth hold for teams that have become deeper since they were saved: %s',
    async (onLimit) => {
      const [deep, plain] = await Promise.all([stage.agent(`Deep${onLimit}`), stage.agent('Plain')]);
      const low = await stage.team('Lower', [deep], { sequential: {} });
      const top = await stage.team('Upper', [plain], { sequential: {} }, { limits: { maxDepth: 3, onLimit } });
      await stage.owner.client.request(
        `mutation ($draft: UpdateAgentDraftInput!, $input: PublishAgentInput!) {
        updateAgentDraft(input: $draft) { agent { id } }
        publishAgent(input: $input) { version { number } }
      }`,
        {
          draft: { agentId: plain.id, team: { nodes: [{ key: 'lower', agentId: low.id }], sequential: {} } },
          input: { agentId: plain.id },
        },
      );
      stage.script(`Deep${onLimit}`, say('Deep down.'));
      const room = await stage.enter(top);
      const id = await stage.send(room, 'Go.');
      if (onLimit === 'ESCALATE') {
        const waiting = await stage.untilWaiting(room, id);
        expect(waiting.approvals).toMatchObject([{ kind: 'LIMIT', subject: 'maxDepth' }]);
        expect(stage.countOf('DeepESCALATE')).toBe(0);
        await stage.decide(waiting.approvals[0]?.id, 'APPROVE');
        expect(await stage.untilEnded(room, id)).toMatchObject({ text: 'Deep down.', run: { state: 'SUCCEEDED' } });
      } else {
        const { run } = await stage.untilEnded(room, id);
        expect(run).toMatchObject({ state: 'LIMIT_REACHED', error: { code: 'LIMIT_REACHED', retryable: false } });
        expect(run.error?.message).toContain('maxDepth of 3');
        expect(stage.countOf('DeepSTOP')).toBe(0);
      }
      await stage.leave(room);
    },
  );

  it('of time for one step end a call of a model that never answers', async () => {
    const limits = { stepTimeoutMs: 500 };
    const mute = await stage.agent('Mute', { limits });
    // It never answers, however often it is asked.
    stage.script('Mute', ...Array.from({ length: 9 }, () => () => {}));
    const room = await stage.enter(mute);
    const { run } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_TIMEOUT', retryable: true } });
    expect(run.steps).toMatchObject([{ kind: 'MODEL', state: 'FAILED', error: { code: 'MODEL_TIMEOUT' } }]);
    await stage.leave(room);
  });

  const retry = async (room: TeamRoom, id: string, times: number) => {
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id });
    const ends = () => room.reader.events.filter((event) => isFinal(event) && event.run?.id === id).length;
    await room.reader.until(() => ends() > times);
    return stage.untilEnded(room, id);
  };

  it('let a run go as far again with each retry', async () => {
    const agent = await stage.agent('Far', { tools: CLOCK, limits: { maxTurns: 1 } });
    stage.script('Far', askTime(), askTime(1), say('Done.'));
    const room = await stage.enter(agent);
    const { id, run } = await stage.ask(room, 'Go on.');
    expect(run.state).toBe('LIMIT_REACHED');
    const second = await retry(room, id, 1);
    expect(second.run.state).toBe('LIMIT_REACHED');
    expect(second.run.error?.message).toContain('maxTurns of 2');
    const third = await retry(room, id, 2);
    expect(third).toMatchObject({ text: 'Done.', run: { state: 'SUCCEEDED' } });
    expect(stage.countOf('Far')).toBe(3);
    await stage.leave(room, { [id]: 2 });
  });

  it('take back what was said in place of an answer', async () => {
    const agent = await stage.agent('Sums', { tools: CLOCK, limits: { maxTurns: 1, onLimit: 'SUMMARISE' } });
    stage.script('Sums', askTime(), say('No more.'), askTime(1), say('Still no more.'));
    const room = await stage.enter(agent);
    const { id, text } = await stage.ask(room, 'Go on.');
    expect(text).toBe('No more.');
    const second = await retry(room, id, 1);
    expect(second).toMatchObject({ text: 'Still no more.', run: { state: 'LIMIT_REACHED' } });
    stage.script('Sums', say('Done.'));
    const third = await retry(room, id, 2);
    expect(third).toMatchObject({ text: 'Done.', run: { state: 'SUCCEEDED', error: null } });
    await stage.leave(room, { [id]: 2 });
  });

  it('let a member go as far again that failed by its own', async () => {
    const member = await stage.agent('Near', { tools: CLOCK, limits: { maxTurns: 1 } });
    const team = await stage.team('Row', [member], { sequential: {} });
    stage.script('Near', askTime(), say('Done.'));
    const room = await stage.enter(team);
    const { id, run } = await stage.ask(room, 'Go on.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'LIMIT_REACHED' } });
    expect(await retry(room, id, 1)).toMatchObject({ text: 'Done.', run: { state: 'SUCCEEDED' } });
    expect(stage.countOf('Near')).toBe(2);
    await stage.leave(room, { [id]: 1 });
  });
});
