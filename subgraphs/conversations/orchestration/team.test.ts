import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECIDE, TeamStage } from './team.fixture.ts';

describe('teams', { timeout: 60_000 }, () => {
  let stage: TeamStage;

  beforeAll(async () => {
    stage = await TeamStage.open();
  }, 120_000);

  afterAll(() => stage?.close());

  const say = (text: string) => stage.model.answer(text);
  const fail = () => stage.model.fail();

  describe('in a sequence', () => {
    it('give each step the last output, all of them, or a mapping, and stream the last', async () => {
      const [ann, bob, cid] = await Promise.all([stage.agent('Ann'), stage.agent('Bob'), stage.agent('Cid')]);
      const team = await stage.team('Seq', [ann, bob, cid], {
        sequential: {
          steps: [
            { node: 'ann' },
            { node: 'bob', input: 'MAPPING', mapping: 'Of {{input}} came {{outputs.ann}}.' },
            { node: 'cid', input: 'ALL' },
          ],
        },
      });
      stage.script('Ann', say('one'));
      stage.script('Bob', say('two'));
      stage.script('Cid', say('three'));
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'zero');
      expect(run).toMatchObject({ state: 'SUCCEEDED', error: null });
      expect(text).toBe('three');
      expect(JSON.stringify(stage.model.callsOf('<Bob>')[0]?.body)).toContain('Of zero came one.');
      const third = JSON.stringify(stage.model.callsOf('<Cid>')[0]?.body);
      for (const part of ['zero', 'one', 'two']) expect(third).toContain(part);
      expect(
        run.steps.filter(({ kind }) => kind === 'AGENT').map(({ name, state, depth }) => [name, state, depth]),
      ).toEqual([
        ['ann', 'SUCCEEDED', 1],
        ['bob', 'SUCCEEDED', 1],
        ['cid', 'SUCCEEDED', 1],
      ]);
      const call = run.steps.find(({ kind, depth }) => kind === 'MODEL' && depth === 2);
      expect(call?.usage).toEqual({ totalTokens: 18 });
      expect(call?.input).toEqual({ model: stage.model.modelId, turns: 1, tools: [], asked: 'zero' });
      await stage.leave(room);
    });

    it.each([
      ['FAIL', {}, 'FAILED', ''],
      ['DEFAULT_VALUE', { defaultValue: 'nothing found' }, 'SUCCEEDED', 'From nothing found.'],
      ['FALLBACK_AGENT', { fallbackNode: 'spare' }, 'SUCCEEDED', 'From spare work.'],
      ['SKIP', {}, 'PARTIAL', 'From start.'],
    ])('that fails: %s', async (onError, settings, state, text) => {
      const [weak, spare, end] = await Promise.all([stage.agent('Weak'), stage.agent('Spare'), stage.agent('End')]);
      const steps = [
        { node: 'weak', onError, ...settings },
        { node: 'end', input: 'LAST' },
        ...(onError === 'FALLBACK_AGENT' ? [] : [{ node: 'spare' }]),
      ];
      const team = await stage.team('Brave', [weak, spare, end], { sequential: { steps } });
      stage.script('Weak', fail());
      stage.script('Spare', say(onError === 'FALLBACK_AGENT' ? 'spare work' : text));
      stage.script('End', say(text || 'never'));
      const room = await stage.enter(team);
      const answered = await stage.ask(room, 'start');
      expect(answered.run.state).toBe(state);
      expect(answered.text).toBe(text);
      expect(answered.run.steps.find(({ name, kind }) => name === 'weak' && kind === 'AGENT')).toMatchObject({
        state: 'FAILED',
        error: { code: 'MODEL_INVALID_REQUEST' },
      });
      if (state === 'PARTIAL') expect(answered.run.error?.message).toContain('weak');
      await stage.leave(room);
    });
  });

  describe('with a supervisor', () => {
    it('have the sub-agents answer to it, their errors too, and the same task not done twice', async () => {
      const [good, bad] = await Promise.all([stage.agent('Good'), stage.agent('Bad')]);
      const team = await stage.team('Boss', [good, bad], { supervisor: {} });
      stage.script(
        'Boss',
        stage.model.callTools(['good', { task: 'look' }], ['bad', { task: 'break' }]),
        stage.model.callTools(['good', { task: 'look' }]),
        say('All in all: seen.'),
      );
      stage.script('Good', say('seen'));
      stage.script('Bad', fail());
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Look and break.');
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toBe('All in all: seen.');
      expect(stage.countOf('Good')).toBe(1);
      const last = JSON.stringify(stage.model.callsOf('<Boss>').at(-1)?.body);
      expect(last).toContain('MODEL_INVALID_REQUEST');
      expect(last).toContain('ASKED_BEFORE');
      // What the sub-agents say is theirs and the supervisor's alone.
      expect(room.reader.events.some(({ text: delta }) => delta?.includes('seen') && !delta.includes('All'))).toBe(
        false,
      );
      await stage.leave(room);
    });
  });

  it('with a supervisor do not do the same twice, by whichever node it is asked for', async () => {
    const [one, other] = await Promise.all([stage.agent('Uno'), stage.agent('Duo')]);
    const nodes = [
      { key: 'a', agentId: one.id },
      { key: 'b', agentId: one.id },
      { key: 'c', agentId: other.id },
    ];
    const boss = await stage.agent('Head', { team: { nodes, supervisor: {} } });
    const ask = (node: string) => stage.model.callTools([node, { task: 'look' }]);
    stage.script('Head', ask('a'), ask('b'), ask('c'), say('Seen.'));
    const room = await stage.enter(boss);
    await stage.ask(room, 'Look.');
    expect([stage.countOf('Uno'), stage.countOf('Duo')]).toEqual([1, 1]);
    expect(JSON.stringify(stage.model.callsOf('<Head>').at(-1)?.body)).toContain('ASKED_BEFORE');
    await stage.leave(room);
  });

  describe('in parallel', () => {
    const branches = async () => Promise.all([stage.agent('Pia'), stage.agent('Quin'), stage.agent('Rae')]);

    it('keep the order of the branches, and say which have failed', async () => {
      const members = await branches();
      const team = await stage.team('Par', members, { parallel: {} });
      stage.script('Pia', say('p'));
      stage.script('Quin', fail());
      stage.script('Rae', say('r'));
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Go.');
      expect(run).toMatchObject({ state: 'PARTIAL', error: { code: 'PARTIAL' } });
      expect(run.error?.message).toContain('quin');
      expect(text).toBe('**Pia**\n\np\n\n**Rae**\n\nr');
      await stage.leave(room);
    });

    it('retry what failed alone when the run is retried', async () => {
      const members = await branches();
      const team = await stage.team('Again', members, { parallel: {} });
      stage.script('Pia', say('p'));
      stage.script('Quin', fail());
      stage.script('Rae', say('r'));
      const room = await stage.enter(team);
      const first = await stage.ask(room, 'Go.');
      const [pia, rae] = [stage.countOf('Pia'), stage.countOf('Rae')];
      stage.script('Quin', say('q'));
      const RETRY = 'mutation ($input: RetryRunInput!) { retryRun(input: $input) { run { id state } } }';
      await stage.owner.client.request(RETRY, { input: { runId: first.id } });
      await room.reader.until(({ run }) => run?.id === first.id && run.state === 'SUCCEEDED');
      const { text, run } = await stage.untilEnded(room, first.id);
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toBe('**Pia**\n\np\n\n**Quin**\n\nq\n\n**Rae**\n\nr');
      expect([stage.countOf('Pia'), stage.countOf('Rae')]).toEqual([pia, rae]);
      const refused = await stage.owner.client.refusal(RETRY, { input: { runId: first.id } });
      expect(refused.extensions.code).toBe('CONFLICT');
      await stage.leave(room, { [first.id]: 1 });
    });

    it('end at the first failure with FAIL_FAST, and keep what was finished', async () => {
      const members = await branches();
      const team = await stage.team('Fast', members, { parallel: { onFailure: 'FAIL_FAST' } });
      stage.script('Pia', say('p'));
      stage.script('Quin', fail());
      const held = stage.model.held('r');
      stage.script('Rae', held.play);
      const room = await stage.enter(team);
      const { run } = await stage.ask(room, 'Go.');
      expect(run).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_INVALID_REQUEST' } });
      const states = Object.fromEntries(
        run.steps.filter(({ kind }) => kind === 'AGENT').map(({ name, state }) => [name, state]),
      );
      expect(states).toMatchObject({ quin: 'FAILED', rae: 'CANCELLED' });
      await stage.leave(room);
    });

    it('go on with the first that succeeds with ANY, and stop the others', async () => {
      const members = await branches();
      const team = await stage.team('Any', members, { parallel: { join: 'ANY' } });
      stage.script('Pia', stage.model.held('p').play);
      stage.script('Quin', say('q'));
      stage.script('Rae', stage.model.held('r').play);
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Go.');
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toBe('q');
      await stage.leave(room);
    });

    it.each([
      [2, 'PARTIAL'],
      [3, 'FAILED'],
    ])('need %i of 3 with N_OF_M: %s where 2 succeed', async (joinCount, state) => {
      const members = await branches();
      const team = await stage.team('Some', members, { parallel: { join: 'N_OF_M', joinCount } });
      const slow = stage.model.held('q');
      const before = stage.countOf('Quin');
      stage.script('Pia', fail());
      stage.script('Quin', slow.play);
      stage.script('Rae', say('r'));
      const room = await stage.enter(team);
      const id = await stage.send(room, 'Go.');
      const hasFailed = async () => (await stage.read(id)).steps.some((step) => step.state === 'FAILED');
      await expect.poll(hasFailed, { timeout: 20_000 }).toBe(true);
      await expect.poll(() => stage.countOf('Quin')).toBe(before + 1);
      slow.finish('');
      const { run } = await stage.untilEnded(room, id);
      expect(run.state).toBe(state);
      expect(run.error).toMatchObject({ code: joinCount === 2 ? 'PARTIAL' : 'TOO_FEW_BRANCHES' });
      await stage.leave(room);
    });

    it('try a branch again as often as they may', async () => {
      const members = await branches();
      const team = await stage.team('Stubborn', members, { parallel: { branchRetries: 1 } });
      stage.script('Pia', say('p'));
      stage.script('Quin', fail(), say('q'));
      stage.script('Rae', say('r'));
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Go.');
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toContain('q');
      await stage.leave(room);
    });

    it('vote, merge values, or let an agent make one answer', async () => {
      const members = await branches();
      const voters = await stage.team('Vote', members, { parallel: { merge: 'VOTE' } });
      stage.script('Pia', say('Yes.'));
      stage.script('Quin', say('no'));
      stage.script('Rae', say('yes'));
      const voting = await stage.enter(voters);
      expect((await stage.ask(voting, 'Well?')).text).toBe('Yes.');
      await stage.leave(voting);

      const schema = {
        type: 'object',
        properties: { tags: { type: 'array', items: { type: 'string' } } },
        required: ['tags'],
      };
      const typed = await Promise.all([
        stage.agent('Tom', { outputSchema: schema }),
        stage.agent('Una', { outputSchema: schema }),
      ]);
      const mergers = await stage.team('Merge', typed, { parallel: { merge: 'MERGE' } });
      stage.script('Tom', say('{"tags": ["a"]}'));
      // What is not of the form is mended once.
      stage.script('Una', say('Tags: b'), say('```json\n{"tags": ["b"]}\n```'));
      const merging = await stage.enter(mergers);
      expect(JSON.parse((await stage.ask(merging, 'Tag it.')).text)).toEqual({ tags: ['a', 'b'] });
      await stage.leave(merging);

      const writer = await stage.agent('Wim');
      const joined = await stage.team('Joined', [...members, writer], {
        parallel: { merge: 'AGENT', mergeNode: 'wim' },
      });
      stage.script('Pia', say('p'));
      stage.script('Quin', say('q'));
      stage.script('Rae', say('r'));
      stage.script('Wim', say('p, q and r'));
      const joining = await stage.enter(joined);
      expect((await stage.ask(joining, 'Go.')).text).toBe('p, q and r');
      await stage.leave(joining);
    });
  });

  describe('with a router', () => {
    it('follow the rules in order, then the model, then the default, and store why', async () => {
      const members = await Promise.all([stage.agent('Bill'), stage.agent('Tech'), stage.agent('Rest')]);
      const team = await stage.team('Route', members, {
        router: {
          rules: [{ condition: 'input.contains("invoice")', node: 'bill' }],
          threshold: 0.7,
          defaultNode: 'rest',
        },
      });
      stage.script('Bill', say('Paid.'));
      stage.script('Tech', say('Fixed.'));
      stage.script('Rest', say('Hm.'));
      stage.script(
        'Route',
        say('{"node": "tech", "confidence": 0.9, "reason": "It is broken."}'),
        say('{"node": "tech", "confidence": 0.2, "reason": "A guess."}'),
      );
      const room = await stage.enter(team);
      const byRule = await stage.ask(room, 'My invoice is wrong.');
      expect(byRule.text).toBe('Paid.');
      const byModel = await stage.ask(room, 'It does not start.');
      expect(byModel.text).toBe('Fixed.');
      const byDefault = await stage.ask(room, 'What now?');
      expect(byDefault.text).toBe('Hm.');
      const decisions = [byRule, byModel, byDefault].map(
        ({ run }) => run.steps.find(({ kind }) => kind === 'DECISION')?.decision,
      );
      expect(decisions.map((decision) => decision?.by)).toEqual(['RULE', 'MODEL', 'DEFAULT']);
      expect(decisions[2]?.reasons?.join(' ')).toContain('below the threshold');
      await stage.leave(room);
    });

    it('ask a person where nothing was chosen and there is no default', async () => {
      const members = await Promise.all([stage.agent('Lea'), stage.agent('Leo')]);
      const team = await stage.team('Ask', members, {
        router: { classify: false, rules: [{ condition: 'input.contains("Lea")', node: 'lea' }] },
      });
      stage.script('Leo', say('It is me.'));
      const room = await stage.enter(team);
      const runId = await stage.send(room, 'Who?');
      const waiting = await stage.untilWaiting(room, runId);
      expect(waiting).toMatchObject({ waitingFor: 'INPUT', approvals: [{ kind: 'CHOICE', state: 'PENDING' }] });
      const approvalId = waiting.approvals[0]?.id;
      const wrong = await stage.owner.client.refusal(DECIDE, {
        input: { approvalId, decision: 'EDIT', arguments: { node: 'x' } },
      });
      expect(wrong.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.arguments' }] });
      await stage.decide(approvalId, 'EDIT', { arguments: { node: 'leo' } });
      const ended = await stage.untilEnded(room, runId);
      expect(ended.text).toBe('It is me.');
      expect(ended.run.attempt).toBe(1);
      await stage.leave(room);
    });
  });

  describe('in a loop', () => {
    it('go on until the judge is content', async () => {
      const body = await stage.agent('Body');
      const team = await stage.team('Loop', [body], { loop: { body: 'body', maxIterations: 5, criteria: 'Short.' } });
      stage.script('Body', say('too long'), say('short'));
      stage.script(
        'Loop',
        say('{"done": false, "feedback": "Shorter!", "score": 0.2}'),
        say('{"done": true, "feedback": "", "score": 1}'),
      );
      const room = await stage.enter(team);
      const { run, text } = await stage.ask(room, 'Write.');
      expect(run.state).toBe('SUCCEEDED');
      expect(text).toBe('short');
      expect(JSON.stringify(stage.model.callsOf('<Body>').at(-1)?.body)).toContain('Shorter!');
      await stage.leave(room);
    });

    it('end where two results are the same, and at the cap with the best one', async () => {
      const body = await stage.agent('Body2');
      const team = await stage.team('Loop2', [body], { loop: { body: 'body2', maxIterations: 2 } });
      stage.script('Body2', say('same'), say('same'));
      stage.script('Loop2', say('{"done": false, "feedback": "No.", "score": 0.1}'));
      const room = await stage.enter(team);
      expect((await stage.ask(room, 'Write.')).text).toBe('same');
      stage.script('Body2', say('best'), say('worse'));
      stage.script(
        'Loop2',
        say('{"done": false, "feedback": "No.", "score": 0.8}'),
        say('{"done": false, "feedback": "No.", "score": 0.3}'),
      );
      expect((await stage.ask(room, 'Again.')).text).toBe('best');
      await stage.leave(room);
    });
  });
});
