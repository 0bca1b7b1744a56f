import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TeamStage } from '../orchestration/team.fixture.ts';
import { expectExact, readLimits, recordedTokens, removeLimit, setLimit, untilLimit } from './budget.fixture.ts';

/** What one call of the scripted model counts, and what an agent below asks for: its prompt is far shorter than 200. */
const A_CALL = 18;
const BRIEF = { maxOutputTokens: 100 };

const SET = 'mutation ($input: SetTokenLimitInput!) { setTokenLimit(input: $input) { tokenLimit { id } } }';

describe('limits of tokens', { timeout: 120_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const client = () => stage.owner.client;
  const limit = (input: Record<string, unknown>) =>
    setLimit(client(), { period: 'TOTAL', whenExhausted: 'REJECT', ...input });

  it('count what calls took, say when they begin anew, and are there once for a period', async () => {
    const agent = await stage.agent('Counted', BRIEF);
    const total = await limit({ maxTokens: 1_000_000 });
    const daily = await limit({ maxTokens: 1_000, agentId: agent.id, period: 'DAY' });
    expect(daily).toMatchObject({ agent: { id: agent.id, name: 'Counted' }, used: 0, reserved: 0, left: 1_000 });
    expect(new Date(daily.resetsAt ?? 0).getTime()).toBeGreaterThan(Date.now());
    expect(total.resetsAt).toBeNull();
    const room = await stage.enter(agent);
    await stage.ask(room, 'Hello.');
    await stage.ask(room, 'Again.');
    expect(await readLimits(client())).toMatchObject([
      { id: total.id, used: 2 * A_CALL },
      { id: daily.id, used: 2 * A_CALL, left: 1_000 - 2 * A_CALL },
    ]);
    const raised = await limit({ maxTokens: 2_000, agentId: agent.id, period: 'DAY', whenExhausted: 'PAUSE' });
    expect(raised).toMatchObject({ id: daily.id, maxTokens: 2_000, used: 2 * A_CALL, whenExhausted: 'PAUSE' });
    // Yesterday's counts are no longer today's.
    await stage.test
      .pool()
      .query("update token_limits set used_since = used_since - interval '1 day' where id = $1", [daily.id]);
    expect((await readLimits(client())).find(({ id }) => id === daily.id)?.used).toBe(0);
    await removeLimit(client(), daily.id);
    await removeLimit(client(), total.id);
    expect(await readLimits(client())).toEqual([]);
    await stage.leave(room);
  });

  it('count what an answer had taken that was cancelled in its middle', async () => {
    const agent = await stage.agent('Broken off', { maxOutputTokens: 2_000 });
    const { id: limitId } = await limit({ maxTokens: 100_000, agentId: agent.id });
    stage.script('Broken off', stage.model.held('word '.repeat(1_000)).play);
    const room = await stage.enter(agent);
    const runId = await stage.send(room, 'Go.');
    await room.reader.until(({ __typename }) => __typename === 'MessageDelta');
    await client().request('mutation ($id: ID!) { cancelRun(input: { runId: $id }) { run { state } } }', { id: runId });
    const { run } = await stage.untilEnded(room, runId);
    expect(run.state).toBe('CANCELLED');
    const { used } = await untilLimit(client(), limitId, ({ reserved }) => reserved === 0);
    // A thousand words are a token each at least, and the prompt is short.
    expect(used).toBeGreaterThan(1_000);
    expect(used).toBeLessThan(2_000);
    const { rows } = await stage.test
      .pool()
      .query(
        "select outcome, estimated, raw_usage, (usage->>'totalTokens')::int as tokens from model_calls where run_id = $1",
        [runId],
      );
    expect(rows).toEqual([{ outcome: 'MODEL_CANCELLED', estimated: true, raw_usage: null, tokens: used }]);
    const { run: counted } = await client().request<{ run: { usage: { totalTokens: number } } }>(
      'query ($id: ID!) { run(id: $id) { usage { totalTokens } } }',
      { id: runId },
    );
    expect(counted.usage.totalTokens).toBe(used);
    await removeLimit(client(), limitId);
    await stage.leave(room);
  });

  it('refuse what they have no room for, with a code, and let it go on later', async () => {
    const agent = await stage.agent('Refused', BRIEF);
    const { id } = await limit({ maxTokens: 20, agentId: agent.id });
    const room = await stage.enter(agent);
    const { run, id: runId } = await stage.ask(room, 'Hello.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'QUOTA_EXCEEDED', retryable: false } });
    expect(run.error?.message).toContain('20 tokens');
    expect(stage.countOf('Refused')).toBe(0);
    await limit({ maxTokens: 2_000, agentId: agent.id });
    await client().request('mutation ($id: ID!) { retryRun(input: { runId: $id }) { run { id } } }', { id: runId });
    await room.reader.until(({ run: now }) => now?.id === runId && now.state === 'SUCCEEDED');
    await removeLimit(client(), id);
    await stage.leave(room, { [runId]: 1 });
  });

  it('cut an answer short to what is left of them', async () => {
    const agent = await stage.agent('Cut');
    const { id } = await limit({ maxTokens: 1_000, agentId: agent.id });
    const room = await stage.enter(agent);
    await stage.ask(room, 'Hello.');
    const body = stage.model.callsOf('<Cut>').at(-1)?.body as { max_tokens?: number; max_completion_tokens?: number };
    const bound = body.max_tokens ?? body.max_completion_tokens ?? Number.POSITIVE_INFINITY;
    expect(bound).toBeGreaterThan(256);
    expect(bound).toBeLessThan(1_000);
    await removeLimit(client(), id);
    await stage.leave(room);
  });

  it.each([
    [
      'the limit is raised',
      (id: string, agentId: string) =>
        limit({ maxTokens: 590, agentId, whenExhausted: 'PAUSE', period: 'DAY' }).then(() => id),
    ],
    ['the limit is removed', (id: string) => removeLimit(client(), id)],
    [
      'the next period begins',
      (id: string) =>
        stage.test
          .pool()
          .query("update token_limits set used_since = used_since - interval '1 day' where id = $1", [id]),
    ],
  ])('have runs wait, in the order in which they came, until %s', async (name, makeRoom) => {
    const mark = `Wait${name.replaceAll(' ', '')}`;
    const agent = await stage.agent(mark, BRIEF);
    const paused = await limit({ maxTokens: 400, agentId: agent.id, whenExhausted: 'PAUSE', period: 'DAY' });
    await stage.test.pool().query('update token_limits set used = 390 where id = $1', [paused.id]);
    const rooms = [];
    for (const text of ['first', 'second', 'third']) {
      const room = await stage.enter(agent);
      const runId = await stage.send(room, text);
      const waiting = await stage.untilWaiting(room, runId);
      expect(waiting).toMatchObject({ state: 'WAITING', waitingFor: 'BUDGET', attempt: 1 });
      expect(waiting.steps).toMatchObject([{ kind: 'MODEL', state: 'WAITING' }]);
      rooms.push({ room, runId });
    }
    await untilLimit(client(), paused.id, ({ waitingRuns }) => waitingRuns === 3);
    expect(stage.countOf(mark)).toBe(0);
    await makeRoom(paused.id, agent.id);
    for (const { room, runId } of rooms) {
      const { run } = await stage.untilEnded(room, runId);
      expect(run).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
      expect(run.steps).toMatchObject([{ state: 'SUCCEEDED', attempt: 1 }]);
      await stage.leave(room);
    }
    const asked = stage.model
      .callsOf(`<${mark}>`)
      .map(({ body }) => /first|second|third/.exec(JSON.stringify(body))?.[0]);
    // What it was raised by is enough for one of them at a time.
    expect(name.includes('raised') ? asked : asked.sort()).toEqual(['first', 'second', 'third']);
    if (!name.includes('removed')) await removeLimit(client(), paused.id);
  });

  it('let a run that waits be cancelled, and the ones behind it go on', async () => {
    const agent = await stage.agent('Line', BRIEF);
    const { id } = await limit({ maxTokens: 300, agentId: agent.id, whenExhausted: 'PAUSE' });
    await stage.test.pool().query('update token_limits set used = 290 where id = $1', [id]);
    const [first, second] = [await stage.enter(agent), await stage.enter(agent)];
    const gone = await stage.send(first, 'first');
    await stage.untilWaiting(first, gone);
    const next = await stage.send(second, 'second');
    await stage.untilWaiting(second, next);
    await client().request('mutation ($id: ID!) { cancelRun(input: { runId: $id }) { run { id } } }', { id: gone });
    expect((await stage.untilEnded(first, gone)).run.state).toBe('CANCELLED');
    // Room for one of them alone.
    await limit({ maxTokens: 450, agentId: agent.id, whenExhausted: 'PAUSE' });
    expect((await stage.untilEnded(second, next)).run.state).toBe('SUCCEEDED');
    await removeLimit(client(), id);
    await stage.leave(first);
    await stage.leave(second);
  });

  it('fall back on another model, which does not draw from them', async () => {
    const agent = await stage.agent('Cheap', BRIEF);
    const cheap = 'openai/gpt-4.1-nano';
    const { id } = await limit({ maxTokens: 30, agentId: agent.id, whenExhausted: 'DOWNGRADE', downgradeModel: cheap });
    const room = await stage.enter(agent);
    const { run } = await stage.ask(room, 'Hello.');
    expect(run).toMatchObject({ state: 'SUCCEEDED', steps: [{ decision: { model: cheap } }] });
    expect(stage.model.callsOf('<Cheap>').at(-1)?.body).toMatchObject({ model: 'gpt-4.1-nano' });
    expect((await readLimits(client())).find((each) => each.id === id)).toMatchObject({ used: 0, reserved: 0 });
    expect(await recordedTokens(stage.test.pool(), stage.owner.orgId, cheap)).toBe(A_CALL);
    await removeLimit(client(), id);
    await stage.leave(room);
  });

  it('hold for the members of a team as for anybody', async () => {
    const member = await stage.agent('Part', BRIEF);
    const team = await stage.team('Whole', [member], { sequential: {} }, BRIEF);
    const { id } = await limit({ maxTokens: 10, agentId: member.id });
    const room = await stage.enter(team);
    const { run } = await stage.ask(room, 'Go.');
    expect(run).toMatchObject({ state: 'FAILED', error: { code: 'QUOTA_EXCEEDED' } });
    await removeLimit(client(), id);
    await stage.leave(room);
  });

  it.each(['REJECT', 'PAUSE'])('are never exceeded by fifty runs at once: %s', async (whenExhausted) => {
    const { test } = stage;
    const owner = await test.seed.owner(`Fifty ${whenExhausted}`);
    const instructions = `<Fifty${whenExhausted}> Be brief.`;
    const agent = await test.seed.agent(owner, { ...BRIEF, name: 'Fifty', model: stage.model.modelId, instructions });
    // What calls take in the end would do for 33 of them.
    const { id } = await setLimit(owner.client, { period: 'TOTAL', maxTokens: 600, whenExhausted });
    const rooms = await Promise.all(Array.from({ length: 50 }, () => test.seed.room(owner, { agents: [agent] })));
    await Promise.all(
      rooms.map((room) =>
        owner.client.request(
          'mutation ($id: ID!) { sendMessage(input: { conversationId: $id, text: "Hi" }) { run { id } } }',
          { id: room.id },
        ),
      ),
    );
    const states = async () => {
      const { rows } = await test
        .pool()
        .query<{ state: string }>('select state from runs where org_id = $1', [owner.orgId]);
      return rows.map(({ state }) => state);
    };
    const settled = async () => {
      const all = await states();
      const waiting = all.filter((state) => state === 'WAITING').length;
      const idle = all.every((state) => ['WAITING', 'SUCCEEDED', 'FAILED'].includes(state));
      const [now] = await readLimits(owner.client);
      // Those that wait and for which there is room go on: a call may take more than what its answer may be long.
      return all.length === 50 && idle && (waiting === 0 || (now?.left ?? 0) <= BRIEF.maxOutputTokens);
    };
    while (!(await settled())) {
      const [now] = await readLimits(owner.client);
      expect((now?.used ?? 0) + (now?.reserved ?? 0)).toBeLessThanOrEqual(600);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const used = await expectExact(owner.client, test.pool(), owner.orgId, id);
    const succeeded = (await states()).filter((state) => state === 'SUCCEEDED').length;
    expect(used).toBe(succeeded * A_CALL);
    expect(stage.model.callsOf(instructions)).toHaveLength(succeeded);
    expect(succeeded).toBeGreaterThan(0);
    if (whenExhausted === 'REJECT') return;
    await setLimit(owner.client, { period: 'TOTAL', maxTokens: 10_000, whenExhausted });
    while ((await states()).some((state) => state !== 'SUCCEEDED')) await new Promise((done) => setTimeout(done, 100));
    expect(await expectExact(owner.client, test.pool(), owner.orgId, id)).toBe(50 * A_CALL);
  });

  it('are checked when they are set, and are one’s own organization’s', async () => {
    const refused = async (input: Record<string, unknown>) =>
      (await client().refusal(SET, { input: { period: 'DAY', maxTokens: 10, whenExhausted: 'REJECT', ...input } }))
        .extensions;
    expect(await refused({ maxTokens: 0 })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await refused({ whenExhausted: 'DOWNGRADE' })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await refused({ downgradeModel: 'openai/x' })).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await refused({ whenExhausted: 'DOWNGRADE', downgradeModel: 'nobody/x' })).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    const stranger = await stage.test.seed.owner('Stranger');
    const agent = await stage.test.seed.agent(stranger);
    expect(await refused({ agentId: agent.id })).toMatchObject({ code: 'NOT_FOUND' });
    const { id } = await limit({ maxTokens: 1_000_000 });
    expect(await readLimits(stranger.client)).toEqual([]);
    expect(
      (
        await stranger.client.refusal(
          'mutation ($id: ID!) { removeTokenLimit(input: { tokenLimitId: $id }) { removedTokenLimitId } }',
          { id },
        )
      ).extensions,
    ).toMatchObject({ code: 'NOT_FOUND' });
    await removeLimit(client(), id);
  });
});
