import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECIDE, TeamStage } from './team.fixture.ts';

const ALWAYS = { name: 'current_time', approval: { rule: 'ALWAYS' } };
const READ = 'query ($id: ID!) { approval(id: $id) { id state reason decidedBy { id } editedArguments } }';

describe('approvals', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const askTime = (args = {}) => stage.model.callTools(['current_time', args]);
  const read = (id: string | undefined) =>
    stage.owner.client.request<{ approval: Record<string, unknown> }>(READ, { id }).then(({ approval }) => approval);

  it('hold a call until somebody allows it; then the run goes on, and does nothing twice', async () => {
    const agent = await stage.agent('Amy', { tools: [ALWAYS] });
    stage.script('Amy', askTime(), say('It is late.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'What time is it?');
    const waiting = await stage.untilWaiting(room, runId);
    expect(waiting).toMatchObject({
      waitingFor: 'APPROVAL',
      approvals: [{ kind: 'TOOL_CALL', state: 'PENDING', subject: 'current_time' }],
    });
    expect(waiting.steps.find(({ kind }) => kind === 'TOOL')).toMatchObject({ state: 'WAITING', output: null });
    const id = waiting.approvals[0]?.id;
    const listed = await stage.owner.client.request<{ approvals: { nodes: { id: string }[] } }>(
      '{ approvals(state: PENDING) { nodes { id run { id } conversation { id } step { name } } } }',
    );
    expect(listed.approvals.nodes.map((each) => each.id)).toContain(id);
    // Ten say yes at the same moment: it happens once.
    const states = await Promise.all(Array.from({ length: 10 }, () => stage.decide(id, 'APPROVE')));
    expect(new Set(states)).toEqual(new Set(['APPROVED']));
    const { run, text } = await stage.untilEnded(room, runId);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(text).toBe('It is late.');
    expect(stage.countOf('Amy')).toBe(2);
    expect(JSON.stringify(stage.model.callsOf('<Amy>')[1]?.body)).toContain('utc');
    expect(await read(id)).toMatchObject({ state: 'APPROVED', decidedBy: { id: stage.owner.id } });
    const late = await stage.owner.client.refusal(DECIDE, { input: { approvalId: id, decision: 'REJECT' } });
    expect(late.extensions.code).toBe('CONFLICT');
    await stage.leave(room);
  });

  it('tell the agent of a refusal with its reason, and make a call with edited arguments', async () => {
    const agent = await stage.agent('Bea', { tools: [ALWAYS] });
    stage.script('Bea', askTime(), say('Then not.'), askTime(), say('In Berlin.'));
    const room = await stage.enter(agent);
    const first = await stage.send(room, 'What time is it?');
    const [asked] = (await stage.untilWaiting(room, first)).approvals;
    await stage.decide(asked?.id, 'REJECT', { reason: 'Nobody needs that.' });
    expect((await stage.untilEnded(room, first)).text).toBe('Then not.');
    const told = JSON.stringify(stage.model.callsOf('<Bea>')[1]?.body);
    expect(told).toContain('Nobody needs that.');

    const second = await stage.send(room, 'And in Berlin?');
    const [again] = (await stage.untilWaiting(room, second)).approvals;
    const input = { approvalId: again?.id, decision: 'EDIT' };
    const junk = await stage.owner.client.refusal(DECIDE, { input: { ...input, arguments: { zone: 1 } } });
    expect(junk.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.arguments' }] });
    const none = await stage.owner.client.refusal(DECIDE, { input });
    expect(none.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.arguments' }] });
    await stage.decide(again?.id, 'EDIT', { arguments: { timeZone: 'Europe/Berlin' } });
    expect((await stage.untilEnded(room, second)).text).toBe('In Berlin.');
    expect(JSON.stringify(stage.model.callsOf('<Bea>').at(-1)?.body)).toContain('Europe/Berlin');
    expect(await read(again?.id)).toMatchObject({ editedArguments: { timeZone: 'Europe/Berlin' } });
    await stage.leave(room);
  });

  it('edited to the same twice are edited once', async () => {
    const agent = await stage.agent('Eli', { tools: [{ name: 'memory_write', approval: { rule: 'ALWAYS' } }] });
    const args = { operation: 'append', scope: 'room', label: 'notes', text: 'A' };
    stage.script('Eli', stage.model.callTools(['memory_write', args]), say('Noted.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'Note A.');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    const edit = { arguments: { ...args, text: 'B' } };
    expect(await stage.decide(asked?.id, 'EDIT', edit)).toBe('APPROVED');
    expect(await stage.decide(asked?.id, 'EDIT', edit)).toBe('APPROVED');
    await stage.untilEnded(room, runId);
    await stage.leave(room);
  });

  it('are asked for by a condition, and decided by themselves in the end', async () => {
    const approval = {
      rule: 'WHEN',
      condition: 'has(args.timeZone) && args.timeZone.startsWith("Asia/")',
      expiresInSeconds: 1,
      onExpiry: 'APPROVE',
    };
    const agent = await stage.agent('Cora', { tools: [{ name: 'current_time', approval }] });
    stage.script(
      'Cora',
      askTime({ timeZone: 'Europe/Rome' }),
      say('Rome.'),
      askTime({ timeZone: 'Asia/Tokyo' }),
      say('Tokyo.'),
    );
    const room = await stage.enter(agent);
    const free = await stage.ask(room, 'Rome?');
    expect(free.run.approvals).toEqual([]);
    const runId = await stage.send(room, 'Tokyo?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    expect((await stage.untilEnded(room, runId)).text).toBe('Tokyo.');
    expect(await read(asked?.id)).toMatchObject({ state: 'APPROVED', decidedBy: null });
    await stage.leave(room);
  });

  it('that nobody gives in time are refusals, of which the agent is told', async () => {
    const agent = await stage.agent('Cleo', { tools: [ALWAYS] });
    stage.script('Cleo', askTime(), say('Then not.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'What time is it?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    // The day is over.
    await stage.test.pool().query('update approvals set expires_at = now() where id = $1', [asked?.id]);
    const { run, text } = await stage.untilEnded(room, runId);
    expect(run).toMatchObject({ state: 'SUCCEEDED', approvals: [{ state: 'REJECTED' }] });
    expect(text).toBe('Then not.');
    expect(run.steps.find(({ kind }) => kind === 'TOOL')).toMatchObject({
      state: 'FAILED',
      error: { code: 'REFUSED' },
    });
    expect(stage.told('Cleo')).toContain('Nobody allowed this call in time.');
    await stage.leave(room);
  });

  it('are for those who take part and have the role; nobody else learns of them', async () => {
    const max = await stage.test.seed.member(stage.owner, 'MEMBER', 'Max');
    const eve = await stage.test.seed.owner('Eve');
    const approval = { rule: 'ALWAYS', role: 'ADMIN' };
    const agent = await stage.agent('Dora', { tools: [{ name: 'current_time', approval }] });
    stage.script('Dora', askTime(), say('Now.'));
    const room = await stage.enter(agent, [max]);
    const runId = await stage.send(room, 'What time is it?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    const input = { approvalId: asked?.id, decision: 'APPROVE' };
    const member = await max.client.refusal(DECIDE, { input });
    expect(member).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    expect(member.message).toContain('ADMIN');
    const stranger = await eve.client.refusal(DECIDE, { input });
    const nobody = await eve.client.refusal(DECIDE, { input: { ...input, approvalId: runId } });
    expect(stranger.extensions.code).toBe('NOT_FOUND');
    expect([stranger.message, stranger.path]).toEqual([nobody.message, nobody.path]);
    expect((await eve.client.refusal(READ, { id: asked?.id })).extensions.code).toBe('NOT_FOUND');
    const theirs = await eve.client.request<{ approvals: { nodes: unknown[] } }>('{ approvals { nodes { id } } }');
    expect(theirs.approvals.nodes).toEqual([]);
    await stage.decide(asked?.id, 'APPROVE');
    await stage.untilEnded(room, runId);
    await stage.leave(room);
  });

  it('of nested agents side by side can be decided in the other order', async () => {
    const [one, two] = await Promise.all([
      stage.agent('One', { tools: [ALWAYS] }),
      stage.agent('Two', { tools: [ALWAYS] }),
    ]);
    const pair = await stage.team('Pair', [one, two], { parallel: {} });
    const team = await stage.team('Top', [pair], { sequential: {} });
    stage.script('One', askTime(), say('first'));
    stage.script('Two', askTime(), say('second'));
    const room = await stage.enter(team);
    const runId = await stage.send(room, 'Both.');
    const waiting = await stage.untilWaiting(room, runId);
    expect(waiting.approvals.map(({ state }) => state)).toEqual(['PENDING', 'PENDING']);
    const steps = new Map(waiting.steps.map((step) => [step.id, step]));
    const ownerOf = async (id: string | undefined) => {
      const { approval } = await stage.owner.client.request<{
        approval: { agent: { name: string }; step: { id: string } };
      }>('query ($id: ID!) { approval(id: $id) { agent { name } step { id } } }', { id });
      expect(steps.get(approval.step.id)?.state).toBe('WAITING');
      return approval.agent.name;
    };
    const names = await Promise.all(waiting.approvals.map(({ id }) => ownerOf(id)));
    const later = waiting.approvals[names.indexOf('Two')]?.id;
    const earlier = waiting.approvals[names.indexOf('One')]?.id;
    await stage.decide(later, 'APPROVE');
    const halfway = await stage.untilWaiting(room, runId, 2);
    expect(halfway.steps.find(({ name, kind }) => name === 'two' && kind === 'AGENT')?.state).toBe('SUCCEEDED');
    await stage.decide(earlier, 'APPROVE');
    const { run, text } = await stage.untilEnded(room, runId);
    expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    expect(text).toBe('**One**\n\nfirst\n\n**Two**\n\nsecond');
    expect([stage.countOf('One'), stage.countOf('Two')]).toEqual([2, 2]);
    await stage.leave(room);
  });

  it('end with a run that is cancelled while it waits, which keeps what was said', async () => {
    const agent = await stage.agent('Finn', { tools: [ALWAYS] });
    const { dialect } = stage.model;
    stage.script('Finn', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(dialect.text('Let me look.'));
      response.end(dialect.calls([{ id: 'c1', name: 'current_time', args: {} }]) + dialect.finish('STOP'));
    });
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'What time is it?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    await stage.owner.client.request('mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id } } }', {
      input: { runId },
    });
    const { run, text } = await stage.untilEnded(room, runId);
    expect(run).toMatchObject({ state: 'CANCELLED', waitingFor: null });
    expect(text).toBe('Let me look.');
    expect(run.steps.find(({ kind }) => kind === 'TOOL')?.state).toBe('CANCELLED');
    expect(await read(asked?.id)).toMatchObject({ state: 'CANCELLED' });
    await stage.leave(room);
  });

  it('end with a run that is cancelled between the decision and the worker', async () => {
    const agent = await stage.agent('Gil', { tools: [ALWAYS] });
    stage.script('Gil', askTime(), say('All the same.'));
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'What time is it?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    // No worker takes it for a while, as where all of them are busy.
    await stage.test.pool().query("update runs set lease_until = now() + interval '3 seconds' where id = $1", [runId]);
    await stage.decide(asked?.id, 'APPROVE');
    expect((await stage.read(runId)).state).toBe('QUEUED');
    await stage.owner.client.request('mutation ($input: CancelRunInput!) { cancelRun(input: $input) { run { id } } }', {
      input: { runId },
    });
    const { run } = await stage.untilEnded(room, runId);
    expect(run.state).toBe('CANCELLED');
    expect(stage.countOf('Gil')).toBe(1);
    await stage.leave(room);
  });

  it('of who answers are decided in the end as well, and keep nobody from asking further', async () => {
    const members = await Promise.all([stage.agent('Hob'), stage.agent('Ida')]);
    const rules = [{ condition: 'input.contains("Hob")', node: 'hob' }];
    const team = await stage.team('Whom', members, { router: { classify: false, rules } });
    stage.script('Hob', say('It is me.'));
    const room = await stage.enter(team);
    const runId = await stage.send(room, 'Who?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    const second = await stage.send(room, 'Hob?');
    const { approval } = await stage.owner.client.request<{
      approval: { requestedAt: string; expiresAt: string; onExpiry: string };
    }>('query ($id: ID!) { approval(id: $id) { requestedAt expiresAt onExpiry } }', { id: asked?.id });
    expect(approval.onExpiry).toBe('REJECTED');
    const hours = (Date.parse(approval.expiresAt) - Date.parse(approval.requestedAt)) / 3_600_000;
    expect(Math.round(hours)).toBe(24);
    // The day is over.
    await stage.test.pool().query('update approvals set expires_at = now() where id = $1', [asked?.id]);
    expect((await stage.untilEnded(room, runId)).run).toMatchObject({
      state: 'FAILED',
      error: { code: 'NOBODY_CHOSEN', retryable: true },
    });
    expect((await stage.untilEnded(room, second)).text).toBe('It is me.');
    await stage.leave(room);
  });

  it('of who answers are asked for anew where nobody was chosen and the run is retried', async () => {
    const members = await Promise.all([stage.agent('Jim'), stage.agent('Kim')]);
    const rules = [{ condition: 'input.contains("Jim")', node: 'jim' }];
    const team = await stage.team('Again whom', members, { router: { classify: false, rules } });
    stage.script('Kim', say('It is me.'));
    const room = await stage.enter(team);
    const runId = await stage.send(room, 'Who?');
    const [asked] = (await stage.untilWaiting(room, runId)).approvals;
    await stage.decide(asked?.id, 'REJECT');
    await stage.untilEnded(room, runId);
    await stage.owner.client.request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', {
      id: runId,
    });
    const waiting = await stage.untilWaiting(room, runId, 2);
    expect(waiting.approvals.map(({ state }) => state)).toEqual(['REJECTED', 'PENDING']);
    await stage.decide(waiting.approvals[1]?.id, 'EDIT', { arguments: { node: 'kim' } });
    await room.reader.until(({ run }) => run?.id === runId && run.state === 'SUCCEEDED');
    await stage.leave(room, { [runId]: 1 });
  });
});
