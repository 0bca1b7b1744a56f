import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Outside } from '#core/outbound/outside.fixture';
import { isFinal } from '#test/support/room-reader';
import type { SeededAgent } from '#test/support/seed';
import { type TeamRoom, type TeamRun, TeamStage } from './team.fixture.ts';

const RETRY = 'mutation ($input: RetryRunInput!) { retryRun(input: $input) { run { id state } } }';
const REQUEUE = 'mutation ($input: RequeueStepInput!) { requeueStep(input: $input) { run { id state } } }';
const CANCEL = 'mutation ($id: ID!) { cancelRun(input: { runId: $id }) { run { state } } }';

const ASKED = { name: 'current_time', approval: { rule: 'ALWAYS' } };
const ORDERS = { name: 'send_request', approval: { rule: 'NEVER' } };

describe('a retry', { timeout: 60_000 }, () => {
  let stage: TeamStage;
  let outside: Outside;
  let isSilent = false;

  beforeAll(async () => {
    outside = await Outside.start((_, response) => {
      if (!isSilent) response.writeHead(201, { 'content-type': 'text/plain' }).end('Ordered.');
    });
    stage = await TeamStage.open({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_PORTS: `80,443,${outside.port}` });
  }, 120_000);

  afterAll(async () => {
    await stage?.close();
    await outside?.stop();
  });

  const say = (text: string) => stage.model.answer(text);
  const fail = () => stage.model.fail();
  const askTime = (timeZone: string) => stage.model.callTools(['current_time', { timeZone }]);
  const order = (thing = 'tea') =>
    stage.model.callTools([
      'send_request',
      { method: 'POST', url: `http://127.0.0.1:${outside.port}/${thing}`, json: {} },
    ]);
  const retry = (runId: string) => stage.owner.client.request(RETRY, { input: { runId } });
  const cancel = (id: string) => stage.owner.client.request(CANCEL, { id });
  const requeue = (stepId: string | undefined) => stage.owner.client.request(REQUEUE, { input: { stepId } });
  const refusal = (runId: string) => stage.owner.client.refusal(RETRY, { input: { runId } });
  const toolsOf = (run: TeamRun) => run.steps.filter(({ kind }) => kind === 'TOOL');
  /** The run once it has ended so often. */
  const untilEnd = async (room: TeamRoom, runId: string, times: number): Promise<TeamRun> => {
    const ends = () => room.reader.events.filter((event) => isFinal(event) && event.run?.id === runId).length;
    await room.reader.until(() => ends() >= times);
    return stage.read(runId);
  };

  /** A run that has lost a branch, behind which an agent with a tool has done its work. */
  const lose = async (name: string, agent: SeededAgent): Promise<{ room: TeamRoom; runId: string }> => {
    const [one, two] = await Promise.all([stage.agent(`${name}One`), stage.agent(`${name}Two`)]);
    const both = await stage.team(`${name}Both`, [one, two], { parallel: {} });
    const team = await stage.team(`${name}All`, [both, agent], { sequential: {} });
    stage.script(`${name}One`, say('one'));
    stage.script(`${name}Two`, fail(), say('two'));
    const room = await stage.enter(team);
    const runId = await stage.send(room, 'Go.');
    return { room, runId };
  };

  it('repeats no call that has ended, whatever failed before it', async () => {
    const agent = await stage.agent('Ann', { tools: [{ name: 'calculator' }, ORDERS] });
    stage.script('Ann', stage.model.callTools(['calculator', { nonsense: 1 }]), order(), fail());
    const room = await stage.enter(agent);
    const before = outside.requests.length;
    const { id, run } = await stage.ask(room, 'Order tea.');
    expect(run.state).toBe('FAILED');
    stage.script('Ann', say('It is ordered.'));
    await retry(id);
    const again = await untilEnd(room, id, 2);
    expect(again.state).toBe('SUCCEEDED');
    expect(outside.requests.length).toBe(before + 1);
    expect(toolsOf(again).map(({ state, attempt }) => [state, attempt])).toEqual([
      ['FAILED', 1],
      ['SUCCEEDED', 1],
    ]);
    expect(JSON.stringify(stage.model.callsOf('<Ann>').at(-1)?.body)).toContain('Ordered.');
    await stage.leave(room, { [id]: 1 });
  });

  it('repeats no branch that got there at a later try', async () => {
    const [bo, cy] = await Promise.all([stage.agent('Bo'), stage.agent('Cy')]);
    const team = await stage.team('Tries', [bo, cy], { parallel: { branchRetries: 1 } });
    stage.script('Bo', fail(), say('b'));
    stage.script('Cy', fail(), fail(), say('c'));
    const room = await stage.enter(team);
    const { id, run } = await stage.ask(room, 'Go.');
    expect(run.state).toBe('PARTIAL');
    await retry(id);
    expect((await untilEnd(room, id, 2)).state).toBe('SUCCEEDED');
    expect(stage.countOf('Bo')).toBe(2);
    await stage.leave(room, { [id]: 1 });
  });

  it('asks again before a call with other arguments than those that were allowed', async () => {
    const agent = await stage.agent('Dan', { tools: [ASKED] });
    stage.script('Dan', askTime('Europe/Rome'), say('Rome.'), askTime('Asia/Tokyo'), say('Tokyo.'));
    const { room, runId } = await lose('D', agent);
    const [first] = (await stage.untilWaiting(room, runId)).approvals;
    await stage.decide(first?.id, 'APPROVE');
    expect((await untilEnd(room, runId, 1)).state).toBe('PARTIAL');

    await retry(runId);
    const waiting = await stage.untilWaiting(room, runId, 2);
    expect(waiting.approvals.map(({ state }) => state)).toEqual(['APPROVED', 'PENDING']);
    const steps = toolsOf(waiting);
    expect(steps.map(({ state, input }) => [state, input])).toEqual([
      ['CANCELLED', { timeZone: 'Europe/Rome' }],
      ['WAITING', { timeZone: 'Asia/Tokyo' }],
    ]);
    await stage.decide(waiting.approvals[1]?.id, 'APPROVE');
    const ended = await untilEnd(room, runId, 2);
    expect(ended.state).toBe('SUCCEEDED');
    expect(JSON.stringify(toolsOf(ended)[1]?.output)).toContain('Asia/Tokyo');
    await stage.leave(room, { [runId]: 1 });
  });

  it('takes what was allowed for the same arguments', async () => {
    const agent = await stage.agent('Eve', { tools: [ASKED] });
    stage.script('Eve', askTime('Europe/Rome'), say('Rome.'), askTime('Europe/Rome'), say('Rome again.'));
    const { room, runId } = await lose('E', agent);
    await stage.decide((await stage.untilWaiting(room, runId)).approvals[0]?.id, 'APPROVE');
    await untilEnd(room, runId, 1);
    await retry(runId);
    const ended = await untilEnd(room, runId, 2);
    expect(ended.approvals).toHaveLength(1);
    expect(toolsOf(ended).map(({ state, attempt }) => [state, attempt])).toEqual([['SUCCEEDED', 2]]);
    await stage.leave(room, { [runId]: 1 });
  });

  it('makes a call with other arguments that the same one would have made nothing of', async () => {
    const write = (text: string) =>
      stage.model.callTools(['memory_write', { operation: 'append', scope: 'room', label: 'notes', text }]);
    const agent = await stage.agent('Fay', { tools: [{ name: 'memory_write' }] });
    stage.script('Fay', write('FIRST'), say('Noted.'), write('SECOND'), say('Noted.'));
    const { room, runId } = await lose('F', agent);
    await untilEnd(room, runId, 1);
    await retry(runId);
    await untilEnd(room, runId, 2);
    const { rows } = await stage.test.pool().query('select value from memory_blocks where subject_id = $1', [room.id]);
    expect(JSON.stringify(rows)).toContain('SECOND');
    await stage.leave(room, { [runId]: 1 });
  });

  it('repeats what must not be done twice only where a person says so', async () => {
    const agent = await stage.agent('Gus', { tools: [ORDERS] });
    stage.script('Gus', order(), say('Ordered.'), order(), say('Ordered again.'));
    const before = outside.requests.length;
    const { room, runId } = await lose('G', agent);
    const [step] = toolsOf(await untilEnd(room, runId, 1));
    const refused = await refusal(runId);
    expect(refused.extensions.code).toBe('CONFLICT');
    expect(refused.message).toContain(step?.id);
    expect(outside.requests.length).toBe(before + 1);
    await requeue(step?.id);
    expect((await untilEnd(room, runId, 2)).state).toBe('SUCCEEDED');
    expect(outside.requests.length).toBe(before + 2);
    await stage.leave(room, { [runId]: 1 });
  });

  it('goes on from where the run failed, and only then does again what was lost on the way', async () => {
    const agent = await stage.agent('Max', { tools: [ORDERS] });
    stage.script('Max', order(), fail(), say('Ordered.'));
    const before = outside.requests.length;
    const { room, runId } = await lose('M', agent);
    expect((await untilEnd(room, runId, 1)).state).toBe('FAILED');
    await retry(runId);
    expect((await untilEnd(room, runId, 2)).state).toBe('PARTIAL');
    expect(stage.countOf('MOne')).toBe(1);
    expect(stage.countOf('MTwo')).toBe(1);
    expect(outside.requests.length).toBe(before + 1);
    expect((await refusal(runId)).extensions.code).toBe('CONFLICT');
    await stage.leave(room, { [runId]: 1 });
  });

  it('repeats no call that was cancelled in its middle, before each of them was looked at', async () => {
    isSilent = true;
    const [hal, ivy] = await Promise.all([
      stage.agent('Hal', { tools: [ORDERS] }),
      stage.agent('Ivy', { tools: [ORDERS] }),
    ]);
    const team = await stage.team('Buyers', [hal, ivy], { parallel: {} });
    stage.script('Hal', order(), say('h'));
    stage.script('Ivy', order(), say('i'));
    const before = outside.requests.length;
    const room = await stage.enter(team);
    const runId = await stage.send(room, 'Order it.');
    while (outside.requests.length < before + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await cancel(runId);
    const cancelled = await untilEnd(room, runId, 1);
    expect(cancelled.state).toBe('CANCELLED');
    const steps = toolsOf(cancelled);
    expect(steps.map(({ state, error }) => [state, error?.code])).toEqual(
      Array.from({ length: 2 }, () => ['FAILED', 'TOOL_INTERRUPTED']),
    );
    expect((await refusal(runId)).extensions.code).toBe('CONFLICT');
    isSilent = false;
    // The other one still holds it up.
    expect(await requeue(steps[0]?.id)).toMatchObject({ requeueStep: { run: { state: 'CANCELLED' } } });
    expect(outside.requests.length).toBe(before + 2);
    expect(await requeue(steps[1]?.id)).toMatchObject({ requeueStep: { run: { state: 'QUEUED' } } });
    expect((await untilEnd(room, runId, 2)).state).toBe('SUCCEEDED');
    expect(outside.requests.length).toBe(before + 4);
    const keys = outside.requests.slice(before).map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys)).toEqual(new Set(steps.map(({ id }) => id)));
    await stage.leave(room, { [runId]: 1 });
  });

  it('repeats no call that the time of its run has cut off', async () => {
    isSilent = true;
    const agent = await stage.agent('Jon', { tools: [ORDERS], limits: { maxWallMs: 1_500 } });
    stage.script('Jon', order(), say('Ordered.'));
    const room = await stage.enter(agent);
    const { id, run } = await stage.ask(room, 'Order it.');
    isSilent = false;
    expect(run.state).toBe('LIMIT_REACHED');
    expect(toolsOf(run)).toMatchObject([{ state: 'FAILED', error: { code: 'TOOL_INTERRUPTED' } }]);
    expect((await refusal(id)).extensions.code).toBe('CONFLICT');
    await stage.leave(room);
  });

  it('repeats no call that took too long, but tells of it as before', async () => {
    isSilent = true;
    const agent = await stage.agent('Jud', { tools: [ORDERS], limits: { stepTimeoutMs: 1_500 } });
    stage.script('Jud', order(), fail(), say('I do not know.'));
    const before = outside.requests.length;
    const room = await stage.enter(agent);
    const { id, run } = await stage.ask(room, 'Order it.');
    isSilent = false;
    expect(toolsOf(run)).toMatchObject([{ state: 'FAILED', error: { code: 'TIMED_OUT' } }]);
    await retry(id);
    expect((await untilEnd(room, id, 2)).state).toBe('SUCCEEDED');
    expect(outside.requests.length).toBe(before + 1);
    expect(JSON.stringify(stage.model.callsOf('<Jud>').at(-1)?.body)).toContain('TIMED_OUT');
    await stage.leave(room, { [id]: 1 });
  });

  it('asks anew where the run was cancelled before anybody had decided', async () => {
    const agent = await stage.agent('Kay', { tools: [ASKED] });
    stage.script('Kay', askTime('Europe/Rome'), say('Rome.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'Go.');
    await stage.untilWaiting(room, runId);
    await cancel(runId);
    await untilEnd(room, runId, 1);
    await retry(runId);
    const waiting = await stage.untilWaiting(room, runId, 2);
    expect(waiting.approvals.map(({ state }) => state)).toEqual(['CANCELLED', 'PENDING']);
    await stage.decide(waiting.approvals[1]?.id, 'APPROVE');
    const ended = await untilEnd(room, runId, 2);
    expect(ended.state).toBe('SUCCEEDED');
    expect(stage.countOf('Kay')).toBe(2);
    await stage.leave(room, { [runId]: 1 });
  });

  it('asks anew for a limit to be raised', async () => {
    const agent = await stage.agent('Kit', {
      tools: [{ name: 'current_time' }],
      limits: { maxTurns: 1, onLimit: 'ESCALATE' },
    });
    stage.script('Kit', askTime('Europe/Rome'), say('Rome.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'Go.');
    await stage.untilWaiting(room, runId);
    await cancel(runId);
    await untilEnd(room, runId, 1);
    await retry(runId);
    const waiting = await stage.untilWaiting(room, runId, 2);
    expect(waiting.approvals.map(({ kind, state }) => [kind, state])).toEqual([
      ['LIMIT', 'CANCELLED'],
      ['LIMIT', 'PENDING'],
    ]);
    await stage.decide(waiting.approvals[1]?.id, 'APPROVE');
    expect((await untilEnd(room, runId, 2)).state).toBe('SUCCEEDED');
    await stage.leave(room, { [runId]: 1 });
  });

  it('lets an answer be given anew that did not have the form that was asked for', async () => {
    const outputSchema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const agent = await stage.agent('Lea', { outputSchema, tools: [{ name: 'current_time' }] });
    stage.script('Lea', askTime('Europe/Rome'), say('no'), say('no again'));
    const room = await stage.enter(agent);
    const { id, run, text } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_INVALID', retryable: true } });
    expect(text).toBe('');
    expect(stage.countOf('Lea')).toBe(3);
    stage.script('Lea', say('{"a": "b"}'));
    await retry(id);
    const again = await untilEnd(room, id, 2);
    expect(again.state).toBe('SUCCEEDED');
    // The calls before it are not made again.
    expect(stage.countOf('Lea')).toBe(4);
    expect(toolsOf(again)).toMatchObject([{ attempt: 1 }]);
    await stage.leave(room, { [id]: 1 });
  });

  it('goes on however often there was one before', async () => {
    const agent = await stage.agent('Lin');
    stage.script('Lin', ...Array.from({ length: 13 }, () => fail()), say('At last.'));
    const room = await stage.enter(agent);
    const { id } = await stage.ask(room, 'Go.');
    for (let times = 2; times <= 14; times += 1) {
      await retry(id);
      await untilEnd(room, id, times);
    }
    expect(await stage.read(id)).toMatchObject({ state: 'SUCCEEDED', attempt: 14 });
    await stage.leave(room, { [id]: 13 });
  });

  it('is for whoever started the run, and for those who manage all: it goes on with what is known of that person', async () => {
    const { seed } = stage.test;
    const [max, ada, lou] = await Promise.all([
      seed.member(stage.owner, 'MEMBER', 'Max'),
      seed.member(stage.owner, 'ADMIN', 'Ada'),
      seed.member(stage.owner, 'MEMBER', 'Lou'),
    ]);
    const remember = `mutation ($input: CreateMemoryBlockInput!) {
      createMemoryBlock(input: $input) { memoryBlock { id } }
    }`;
    await max.client.request(remember, { input: { scope: 'USER', label: 'mine', value: 'WHAT-MAX-SAID' } });
    const agent = await stage.agent('Mia', { tools: [ORDERS] });
    stage.script('Mia', fail(), fail(), say('Done.'));
    const room = await stage.enter(agent, [max, ada, lou]);
    const sent = await max.client.request<{ sendMessage: { run: { id: string } } }>(
      'mutation ($id: ID!) { sendMessage(input: { conversationId: $id, text: "Go." }) { run { id } } }',
      { id: room.id },
    );
    const runId = sent.sendMessage.run.id;
    await untilEnd(room, runId, 1);
    const input = { input: { runId } };
    expect((await lou.client.refusal(RETRY, input)).extensions.code).toBe('FORBIDDEN');
    await max.client.request(RETRY, input);
    await untilEnd(room, runId, 2);
    await ada.client.request(RETRY, input);
    expect((await untilEnd(room, runId, 3)).state).toBe('SUCCEEDED');
    expect(JSON.stringify(stage.model.callsOf('<Mia>').at(-1)?.body)).toContain('WHAT-MAX-SAID');
    await stage.leave(room, { [runId]: 2 });
  });
});
