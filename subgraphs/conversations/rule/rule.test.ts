import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun, sendMessage } from '#test/support/room-call';
import { isFinal } from '#test/support/room-reader';
import { createRule, decisionsOf } from '#test/support/rule-call';
import { type TeamRoom, TeamStage } from '../orchestration/team.fixture.ts';

const ROOM =
  'query ($id: ID!) { conversation(id: $id) { tags priority endedAt endedWhy messages { nodes { text status } } } }';
const CARD = '4111 1111 1111 1111';

interface Room {
  conversation: {
    tags: string[];
    priority: string;
    endedAt: string | null;
    endedWhy: string | null;
    messages: { nodes: { text: string; status: string }[] };
  };
}

let stage: TeamStage;

beforeAll(async () => {
  stage = await TeamStage.open();
}, 120_000);

afterAll(() => stage?.close());

const say = (text: string) => stage.model.answer(text);
const read = async (id: string) => (await stage.owner.client.request<Room>(ROOM, { id })).conversation;
const prompts = (name: string) => stage.model.callsOf(`<${name}>`).map(({ body }) => JSON.stringify(body));

describe('rules of the stage INPUT', { timeout: 60_000 }, () => {
  it('block a message: it is kept, the run says why, and no model is asked', async () => {
    const agent = await stage.agent('Ina');
    stage.script('Ina', say('Never said.'), say('About boats.'));
    await createRule(stage.owner, {
      name: 'No guns',
      scope: { agentId: agent.id },
      condition: 'text.contains("gun") && author == "Olga" && agent == "Ina"',
      actions: [{ tag: { tags: ['weapons'] } }, { block: { message: 'Guns are not talked about here.' } }],
    });
    const room = await stage.enter(agent);
    const { run } = await stage.ask(room, 'Where do I get a gun?');
    expect(run).toMatchObject({
      state: 'FAILED',
      error: { code: 'RULE_BLOCKED', message: 'Guns are not talked about here.' },
    });
    expect(prompts('Ina')).toEqual([]);
    const seen = await read(room.id);
    expect(seen.tags).toEqual(['weapons']);
    expect(seen.messages.nodes.map(({ text, status }) => [text, status])).toEqual([
      ['Where do I get a gun?', 'COMPLETE'],
      ['', 'FAILED'],
    ]);
    const [decision] = await decisionsOf(stage.owner, { conversationId: room.id });
    expect(decision).toMatchObject({
      stage: 'INPUT',
      outcome: 'BLOCKED',
      agent: { id: agent.id },
      reasons: [{ rule: { name: 'No guns' }, counts: true, actions: ['TAG', 'BLOCK'] }],
    });
    // What was blocked is shown to no model later either.
    await stage.ask(room, 'Then tell me about boats.');
    expect(prompts('Ina')).toHaveLength(1);
    expect(prompts('Ina')[0]).toContain('boats');
    expect(prompts('Ina')[0]).not.toContain('gun');
    await stage.leave(room);
  });

  it('redact and replace what models are shown, then and later; people see what was written', async () => {
    const agent = await stage.agent('Ron', { tools: [{ name: 'search_conversation' }] });
    stage.script(
      'Ron',
      say('I see.'),
      stage.model.callTools(['search_conversation', { query: 'card' }]),
      say('Found.'),
    );
    const scope = { agentId: agent.id };
    await createRule(stage.owner, {
      scope,
      name: 'Cards',
      actions: [{ redact: { detectors: ['CARD'], patterns: ['K-[0-9]+'], replacement: '[gone]' } }],
    });
    await createRule(stage.owner, {
      scope,
      name: 'Joke',
      condition: 'text == "Tell the joke"',
      actions: [{ replace: { with: 'Tell nothing' } }],
    });
    const room = await stage.enter(agent);
    const text = `My card ${CARD} of customer K-4711 is lost.`;
    await stage.ask(room, text);
    await stage.ask(room, 'Tell the joke');
    expect(prompts('Ron')).toHaveLength(3);
    for (const prompt of prompts('Ron')) {
      expect(prompt).toContain('My card [gone] of customer [gone] is lost.');
      expect(prompt).not.toContain('1111');
      expect(prompt).not.toContain('4711');
      expect(prompt).not.toContain('joke');
    }
    expect(prompts('Ron')[1]).toContain('Tell nothing');
    expect((await read(room.id)).messages.nodes[0]?.text).toBe(text);
    await stage.leave(room);
  });

  it('set the priority, tell people, ask for tasks, and end the conversation', async () => {
    const agent = await stage.agent('Eve');
    await createRule(stage.owner, {
      name: 'Bye',
      scope: { agentId: agent.id },
      condition: 'text.startsWith("Goodbye")',
      actions: [
        { setPriority: { level: 'HIGH' } },
        { notify: { userIds: [stage.owner.id], roles: ['OWNER'], message: 'Somebody left.' } },
        { startTask: { agentId: agent.id, input: 'Sum up.' } },
        { endConversation: { message: 'Thank you for writing.' } },
      ],
    });
    const room = await stage.enter(agent);
    const { run } = await stage.ask(room, 'Goodbye!');
    expect(run.error).toMatchObject({ code: 'CONVERSATION_ENDED', message: 'Thank you for writing.' });
    expect(await read(room.id)).toMatchObject({
      priority: 'HIGH',
      endedAt: expect.any(String),
      endedWhy: 'Thank you for writing.',
    });
    const refusal = await stage.owner.client.refusal(
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }',
      { input: { conversationId: room.id, text: 'Hello?' } },
    );
    expect(refusal.extensions.code).toBe('CONFLICT');
    expect(refusal.message).toContain('Thank you for writing.');

    const [decision] = await decisionsOf(stage.owner, { conversationId: room.id });
    expect(decision?.outcome).toBe('ENDED');
    const { ruleNotices } = await stage.owner.client.request<{
      ruleNotices: { totalCount: number; nodes: { id: string }[] };
    }>('{ ruleNotices(unreadOnly: true) { totalCount nodes { id message ruleName conversation { id } } } }');
    expect(ruleNotices).toMatchObject({
      totalCount: 1,
      nodes: [{ message: 'Somebody left.', ruleName: 'Bye', conversation: { id: room.id } }],
    });
    const marked = await stage.owner.client.request(
      'mutation ($input: MarkRuleNoticesReadInput!) { markRuleNoticesRead(input: $input) { marked } }',
      { input: { upToId: ruleNotices.nodes[0]?.id } },
    );
    expect(marked).toEqual({ markRuleNoticesRead: { marked: 1 } });
    const { rows } = await stage.test
      .pool()
      .query(
        `SELECT payload FROM outbox_events WHERE type = 'rule.task_requested' AND payload->>'conversationId' = $1`,
        [room.id],
      );
    expect(rows).toMatchObject([{ payload: { agentId: agent.id, input: 'Sum up.', runId: expect.any(String) } }]);
    // It is done on behalf of whoever wrote.
    const tasksOf = () =>
      stage.owner.client.request('{ tasks { nodes { kind state input createdBy { id } } } }') as Promise<{
        tasks: { nodes: object[] };
      }>;
    const wanted = {
      kind: 'RUN_AGENT',
      input: { agentId: agent.id, text: 'Sum up.' },
      createdBy: { id: stage.owner.id },
    };
    await expect.poll(async () => (await tasksOf()).tasks.nodes, { timeout: 30_000 }).toMatchObject([wanted]);
    await stage.leave(room);
  });

  it('ask a model, which counts as a step of the run, and count by what it says', async () => {
    const agent = await stage.agent('Jay');
    const judge = { question: 'Is <judge> this rude?' };
    await createRule(stage.owner, {
      name: 'Rude',
      scope: { agentId: agent.id },
      condition: 'text.contains("you")',
      judge,
      actions: [{ block: { message: 'Please be kind.' } }],
      failMode: 'CLOSED',
    });
    const verdict = (applies: boolean) => say(JSON.stringify({ applies, reason: 'It is what it is.' }));
    stage.model.script('<judge>', verdict(false), verdict(true), say('I think so'));
    stage.script('Jay', say('Hello.'), say('Well.'));
    const room = await stage.enter(agent);
    const kind = await stage.ask(room, 'How are you?');
    expect(kind.run.state).toBe('SUCCEEDED');
    expect(kind.run.steps.map(({ name }) => name)).toEqual(['judge: Rude', 'Jay']);
    expect(kind.run.steps[0]).toMatchObject({ kind: 'MODEL', state: 'SUCCEEDED' });
    const usage = await readRun(stage.owner.client, kind.id);
    expect(usage?.usage?.totalTokens).toBe(36);
    const rude = await stage.ask(room, 'What is wrong with you?');
    expect(rude.run.error).toMatchObject({ code: 'RULE_BLOCKED', message: 'Please be kind.' });
    // Without a verdict a closed rule counts.
    expect((await stage.ask(room, 'You there?')).run.state).toBe('SUCCEEDED');
    expect((await stage.ask(room, 'Are you there?')).run.error?.code).toBe('RULE_BLOCKED');
    const [silent, blocked] = await decisionsOf(stage.owner, { conversationId: room.id }, 2);
    expect(silent?.reasons[0]).toMatchObject({ counts: true, error: expect.stringContaining('understood') });
    expect(blocked?.reasons[0]?.why).toContain('It is what it is.');
    await stage.leave(room);
  });

  it('count as soon as they are changed, in a room that goes on', async () => {
    const agent = await stage.agent('Uma');
    stage.script('Uma', say('One.'), say('Two.'));
    const room = await stage.enter(agent);
    expect((await stage.ask(room, 'First')).run.state).toBe('SUCCEEDED');
    const { rule } = await createRule(stage.owner, {
      scope: { agentId: agent.id },
      condition: 'text.contains("Second")',
      actions: [{ block: { message: 'No.' } }],
    });
    const blocked = await stage.ask(room, 'Second');
    expect(blocked.run.error?.code).toBe('RULE_BLOCKED');
    await stage.owner.client.request(
      'mutation ($input: DisableRuleInput!) { disableRule(input: $input) { rule { enabled } } }',
      { input: { ruleId: rule.id } },
    );
    // Retried, the message is ruled on anew.
    await stage.owner.client.request('mutation ($input: RetryRunInput!) { retryRun(input: $input) { run { id } } }', {
      input: { runId: blocked.id },
    });
    const ends = () => room.reader.events.filter((event) => isFinal(event) && event.run?.id === blocked.id);
    await room.reader.until(() => ends().length === 2);
    expect(ends()[1]?.run?.state).toBe('SUCCEEDED');
    expect(prompts('Uma').at(-1)).toContain('Second');
    await stage.leave(room, { [blocked.id]: 1 });
  });
});

describe('rules of the stage TOOL_CALL', { timeout: 60_000 }, () => {
  it('block a call, which the model is told, and have people asked', async () => {
    const agent = await stage.agent('Tom', { tools: [{ name: 'current_time' }] });
    const call = (timeZone: string) => stage.model.callTools(['current_time', { timeZone }]);
    stage.script(
      'Tom',
      call('Asia/Tokyo'),
      say('Not there.'),
      call('Europe/Rome'),
      say('Rome it is.'),
      call('Europe/Oslo'),
      say('Oslo.'),
    );
    const scope = { agentId: agent.id };
    await createRule(stage.owner, {
      name: 'No Asia',
      stage: 'TOOL_CALL',
      scope,
      condition: 'tool == "current_time" && args.timeZone.startsWith("Asia/")',
      actions: [{ block: { message: 'Only Europe.' } }],
      priority: 1,
    });
    await createRule(stage.owner, {
      name: 'Ask',
      stage: 'TOOL_CALL',
      scope: { tool: 'current_time' },
      condition: 'args.timeZone == "Europe/Rome" || args.timeZone == "Europe/Oslo"',
      actions: [{ requireApproval: { expiresInSeconds: 600 } }],
    });
    const room = await stage.enter(agent);
    const first = await stage.ask(room, 'Tokyo?');
    expect(first.run.steps.find(({ kind }) => kind === 'TOOL')).toMatchObject({ state: 'FAILED' });
    expect(prompts('Tom')[1]).toContain('Only Europe.');
    const [blocked] = await decisionsOf(stage.owner, { conversationId: room.id, stage: 'TOOL_CALL' });
    expect(blocked).toMatchObject({
      outcome: 'BLOCKED',
      tool: 'current_time',
      reasons: [{ rule: { name: 'No Asia' } }],
    });

    const second = await stage.send(room, 'Rome?');
    const [asked] = (await stage.untilWaiting(room, second)).approvals;
    await stage.decide(asked?.id, 'APPROVE');
    expect((await stage.untilEnded(room, second)).text).toBe('Rome it is.');

    // What a rule forbids nobody allows by editing.
    const third = await stage.send(room, 'Oslo?');
    const [again] = (await stage.untilWaiting(room, third)).approvals;
    await stage.decide(again?.id, 'EDIT', { arguments: { timeZone: 'Asia/Tokyo' } });
    await stage.untilEnded(room, third);
    expect(prompts('Tom').at(-1)).toContain('Only Europe.');
    await stage.leave(room);
  });
});

describe('rules of the stage ROUTING', { timeout: 60_000 }, () => {
  const route = (roomId: string, to: object[], strategy: string, condition = 'mentioned == ""') =>
    createRule(stage.owner, {
      name: `By ${strategy}`,
      stage: 'ROUTING',
      scope: { conversationId: roomId },
      condition,
      actions: [{ tag: { tags: ['routed'] } }, { route: { to, strategy } }],
    });
  const archive = (agentId: string) =>
    stage.owner.client.request(
      'mutation ($input: ArchiveAgentInput!) { archiveAgent(input: $input) { agent { id } } }',
      { input: { agentId } },
    );
  /** The agent that answers a message, once it has. */
  const answering = async (room: TeamRoom, text: string) => {
    const { message, run } = await sendMessage(stage.owner.client, room.id, text);
    if (run) await stage.untilEnded(room, run.id);
    else await room.reader.until((event) => event.message?.id === message.id);
    return run?.agent.id ?? null;
  };

  it('have the agents take turns, bring them into the room, pass over who cannot, and say so', async () => {
    const [host, one, two, gone] = await Promise.all(['Host', 'One', 'Two', 'Gone'].map((name) => stage.agent(name)));
    if (!host || !one || !two || !gone) throw new Error('An agent is missing.');
    const room = await stage.enter(host);
    await route(
      room.id,
      [one, gone, two].map(({ id }) => ({ agentId: id })),
      'ROUND_ROBIN',
    );
    await archive(gone.id);
    const order: (string | null)[] = [];
    for (const text of ['1', '2', '3', '@Host 4', '5']) order.push(await answering(room, text));
    expect(order).toEqual([one.id, two.id, one.id, host.id, two.id]);
    const { conversation } = await stage.owner.client.request<{
      conversation: { tags: string[]; participants: { id?: string }[] };
    }>('query ($id: ID!) { conversation(id: $id) { tags participants { ... on Agent { id } } } }', { id: room.id });
    expect(conversation.tags).toEqual(['routed']);
    expect(conversation.participants.map(({ id }) => id)).toEqual(expect.arrayContaining([host.id, one.id, two.id]));
    const decisions = await decisionsOf(stage.owner, { conversationId: room.id, stage: 'ROUTING' }, 4);
    expect(decisions).toHaveLength(4);
    expect(decisions[0]).toMatchObject({
      outcome: 'PASSED',
      agent: { id: two.id },
      routing: {
        agent: { id: two.id },
        user: null,
        strategy: 'ROUND_ROBIN',
        candidates: [
          { name: 'One', passedOver: null },
          { passedOver: 'It is archived, or nothing of it was published.' },
          { name: 'Two', passedOver: null, isFailing: false },
        ],
        reasons: [
          'The rule By ROUND_ROBIN says who answers.',
          expect.stringContaining('archived'),
          'Of One, Two it is Two, by ROUND_ROBIN.',
        ],
      },
    });
    await stage.leave(room);
  });

  it('spare who has the most under way, and who keeps failing', async () => {
    const [host, busy, free] = await Promise.all(['Hal', 'Busy', 'Free'].map((name) => stage.agent(name)));
    if (!host || !busy || !free) throw new Error('An agent is missing.');
    const elsewhere = await stage.enter(busy);
    const held = stage.model.held('Wait');
    stage.script('Busy', held.play);
    const under = await stage.send(elsewhere, 'Work');
    await elsewhere.reader.until((event) => event.run?.id === under && event.run.state === 'RUNNING');
    const room = await stage.enter(host);
    await route(room.id, [{ agentId: busy.id }, { agentId: free.id }], 'LEAST_LOADED');
    expect(await answering(room, 'Who?')).toBe(free.id);
    const [decision] = await decisionsOf(stage.owner, { conversationId: room.id, stage: 'ROUTING' });
    expect(decision?.routing?.candidates.map(({ running }) => running)).toEqual([1, 0]);
    held.finish('.');
    await stage.untilEnded(elsewhere, under);
    await stage.leave(elsewhere);

    const failing = await stage.agent('Sick');
    const ward = await stage.enter(failing);
    stage.script('Sick', stage.model.fail(), stage.model.fail(), stage.model.fail());
    for (const text of ['1', '2', '3']) expect((await stage.ask(ward, text)).run.state).toBe('FAILED');
    await route(ward.id, [{ agentId: failing.id }, { agentId: free.id }], 'FIRST');
    expect(await answering(ward, 'Well?')).toBe(free.id);
    await stage.leave(ward);
    await stage.leave(room);
  });

  it('choose a person, who comes into the room and is told; no agent answers', async () => {
    const max = await stage.test.seed.member(stage.owner, 'MEMBER', 'Max');
    const agent = await stage.agent('Bot');
    const room = await stage.enter(agent);
    await route(room.id, [{ userId: max.id }], 'FIRST', 'text.contains("human")');
    expect(await answering(room, 'A human, please')).toBeNull();
    const { conversation } = await max.client.request<{ conversation: { id: string } }>(
      'query ($id: ID!) { conversation(id: $id) { id } }',
      { id: room.id },
    );
    expect(conversation.id).toBe(room.id);
    const [decision] = await decisionsOf(stage.owner, { conversationId: room.id });
    expect(decision?.routing).toMatchObject({ user: { id: max.id }, agent: null });
    const { ruleNotices } = await max.client.request<{ ruleNotices: { nodes: object[] } }>(
      '{ ruleNotices { nodes { message conversation { id } } } }',
    );
    expect(ruleNotices.nodes).toEqual([
      { message: 'You were chosen to answer a message.', conversation: { id: room.id } },
    ]);
    expect(await answering(room, 'And now a machine')).toBe(agent.id);
    await stage.leave(room);
  });
});
