import { beforeAll, describe, expect, it } from 'vitest';
import { createRule } from '#test/support/rule-call';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const SIMULATE = `query ($input: SimulateRulesInput!) { simulateRules(input: $input) {
  warnings { code ruleId }
  results {
    message { id } facts outcome micros
    actions { rule { name version } action { __typename ... on TagAction { tags } ... on BlockAction { message } } }
    matched { rule { ruleId name } actions { __typename } }
    trace { rule { name } result why error }
  } } }`;

interface Result {
  message: { id: string } | null;
  facts: Record<string, unknown>;
  outcome: string;
  actions: { rule: { name: string }; action: { __typename: string } }[];
  matched: { rule: { ruleId: string; name: string } }[];
  trace: { rule: { name: string }; result: string; why: string; error: string | null }[];
}

let test: TestServer;
let owner: Person;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner('Olga');
  await createRule(owner, {
    name: 'Cards',
    condition: 'text.contains("card")',
    actions: [{ tag: { tags: ['card'] } }],
    priority: 2,
  });
  await createRule(owner, {
    name: 'Large',
    stage: 'TOOL_CALL',
    condition: 'args.amount > 100',
    actions: [{ block: { message: 'Too much.' } }],
    failMode: 'CLOSED',
  });
  await createRule(owner, {
    name: 'Off',
    condition: 'true',
    actions: [{ block: { message: 'Off.' } }],
    enabled: false,
  });
});

const simulate = async (input: object) =>
  (
    await owner.client.request<{ simulateRules: { warnings: { code: string }[]; results: Result[] } }>(SIMULATE, {
      input,
    })
  ).simulateRules;

describe('simulateRules', () => {
  it('tells the decision about facts, every rule that counts, and why', async () => {
    const { results } = await simulate({ stage: 'INPUT', facts: { text: 'My card is lost', hour: 3 } });
    expect(results).toMatchObject([
      {
        message: null,
        facts: { text: 'My card is lost', hour: 3, tags: [], priority: 'NORMAL' },
        outcome: 'PASSED',
        actions: [{ rule: { name: 'Cards', version: 1 }, action: { __typename: 'TagAction', tags: ['card'] } }],
        matched: [{ rule: { name: 'Cards' } }],
        trace: [{ rule: { name: 'Cards' }, result: 'MATCHED', why: 'The condition is true.', error: null }],
      },
    ]);
  });

  it('tells why a rule could not be evaluated, and that it counts when it is closed', async () => {
    const { results } = await simulate({ stage: 'TOOL_CALL', facts: { args: { other: 1 } } });
    expect(results[0]).toMatchObject({
      outcome: 'BLOCKED',
      trace: [{ result: 'FAILED', error: expect.stringContaining('column') }],
    });
    const small = await simulate({ stage: 'TOOL_CALL', facts: { args: { amount: 100 } } });
    expect(small.results[0]).toMatchObject({ outcome: 'PASSED', trace: [{ result: 'NOT_MATCHED' }] });
  });

  it('takes a draft among the rules, or in the place of one', async () => {
    const draft = {
      name: 'Draft',
      stage: 'INPUT',
      condition: 'text.contains("card")',
      actions: [{ block: { message: 'No.' } }],
      priority: 9,
    };
    const facts = { text: 'card' };
    const beside = await simulate({ stage: 'INPUT', facts, draft });
    expect(beside.results[0]).toMatchObject({
      outcome: 'BLOCKED',
      matched: [{ rule: { name: 'Draft' } }],
      trace: [{ result: 'MATCHED' }, { rule: { name: 'Cards' }, result: 'SKIPPED' }],
    });
    const cards = (await simulate({ stage: 'INPUT', facts })).results[0]?.matched[0]?.rule.ruleId;
    const instead = await simulate({ stage: 'INPUT', facts, draft, insteadOf: cards });
    expect(instead.results[0]?.trace).toHaveLength(1);
    const always = await simulate({ stage: 'INPUT', facts, draft: { ...draft, condition: 'true' } });
    expect(always.warnings).toEqual([{ code: 'SHADOWS', ruleId: cards }]);
    expect((await simulate({ stage: 'INPUT', facts })).results[0]?.trace).toHaveLength(1);
  });

  it('goes over the messages of a conversation that one may read', async () => {
    const agent = await test.seed.agent(owner, { name: 'Ada' });
    const room = await test.seed.room(owner, { agents: [agent], title: 'Desk' });
    const sent: string[] = [];
    for (const text of ['Hello', 'My card is lost']) {
      const { sendMessage } = await owner.client.request<{ sendMessage: { message: { id: string } } }>(
        'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }',
        { input: { conversationId: room.id, text } },
      );
      sent.push(sendMessage.message.id);
    }
    const messages = { conversationId: room.id, last: 50 };
    const { results } = await simulate({ stage: 'INPUT', messages });
    expect(results.map(({ message, matched }) => [message?.id, matched.length])).toEqual([
      [sent[0], 0],
      [sent[1], 1],
    ]);
    expect(results[1]?.facts).toMatchObject({
      author: 'Olga',
      agent: 'Ada',
      agentId: agent.id,
      room: 'Desk',
      roomId: room.id,
    });
    const stranger = await test.seed.owner('Eve');
    for (const person of [stranger, await test.seed.member(owner, 'ADMIN')]) {
      const answer = await person.client.send(SIMULATE, { input: { stage: 'INPUT', messages } });
      if (person === stranger) expect(answer.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
      else expect(answer.errors).toBeUndefined();
    }
  });

  it.each<[object, string]>([
    [{ stage: 'INPUT', facts: { nothing: 1 } }, 'input.facts'],
    [{ stage: 'INPUT', facts: { text: 1 } }, 'input.facts.text'],
    [{ stage: 'INPUT', insteadOf: 'x' }, 'input.insteadOf'],
    [{ stage: 'OUTPUT', draft: { name: 'x', stage: 'INPUT', actions: [{ allow: true }] } }, 'input.draft.stage'],
    [
      { stage: 'INPUT', draft: { name: 'x', stage: 'INPUT', condition: 'text >', actions: [{ allow: true }] } },
      'input.draft.condition',
    ],
    [{ stage: 'INPUT', messages: { conversationId: 'x', last: 51 } }, 'input.messages.last'],
    [{ stage: 'TOOL_CALL', messages: { conversationId: 'x', last: 1 } }, 'input.messages'],
  ])('refuses %j', async (input, path) => {
    const { errors } = await owner.client.send(SIMULATE, { input });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
  });
});
