import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#core/id';
import { CREATE_RULE, createRule } from '#test/support/rule-call';
import type { Person } from '#test/support/seed';
import { startTestServer, type TestServer } from '#test/support/server';

const UPDATE = `mutation ($input: UpdateRuleInput!) { updateRule(input: $input) {
  rule { id name version condition } warnings { code ruleId } } }`;
const ROLL_BACK = `mutation ($input: RollBackRuleInput!) { rollBackRule(input: $input) {
  rule { version condition } } }`;
const ACTIONS = `__typename
  ... on BlockAction { message }
  ... on RedactAction { detectors patterns replacement }
  ... on RouteAction { strategy to { kind weight agent { id name } user { id name } } }
  ... on NotifyAction { users { name } roles message }
  ... on RequireApprovalAction { role expiresInSeconds onExpiry }`;
const RULE = `query ($id: ID!) { rule(id: $id) {
  name description stage scope { kind agent { name } tool } condition judge { question } actions { ${ACTIONS} }
  priority failMode validFrom validUntil enabled version createdBy { name }
  versions { totalCount nodes { number note restoredFrom condition author { name } } } } }`;
const DIFF = `query ($id: ID!, $from: Int!, $to: Int!) { ruleVersionDiff(ruleId: $id, from: $from, to: $to) {
  changes { path kind before after } } }`;
const LIST = `query ($first: Int, $after: String, $filter: RuleFilter) { rules(first: $first, after: $after, filter: $filter) {
  totalCount nodes { id name } pageInfo { hasNextPage endCursor } } }`;

const BLOCK = [{ block: { message: 'No.' } }];
const ALLOW = [{ allow: true }];

let test: TestServer;
let owner: Person;
let agentId: string;

beforeAll(async () => {
  test = await startTestServer();
  owner = await test.seed.owner('Olga');
  agentId = (await test.seed.agent(owner, { name: 'Ada' })).id;
});

/** The problems that a rule is refused with, by their paths. */
const problems = async (input: object): Promise<Record<string, string>> => {
  const { errors } = await owner.client.send(CREATE_RULE, {
    input: { name: 'A rule', stage: 'INPUT', actions: BLOCK, ...input },
  });
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  return Object.fromEntries((errors?.[0]?.extensions.fields ?? []).map(({ path, message }) => [path, message]));
};

describe('a rule', () => {
  it('is made whole, and shown as it was made', async () => {
    const { rule } = await createRule(owner, {
      name: 'Refunds',
      stage: 'ROUTING',
      condition: 'text.contains("refund") && "vip" in tags',
      actions: [
        { route: { to: [{ agentId, weight: 3 }, { userId: owner.id }], strategy: 'WEIGHTED' } },
        { notify: { userIds: [owner.id], roles: ['ADMIN'], message: 'A refund' } },
      ],
      priority: 10,
      failMode: 'CLOSED',
      validUntil: '2099-01-01T00:00:00.000Z',
      note: 'Asked for by the desk',
    });
    const { rule: shown } = await owner.client.request<{ rule: unknown }>(RULE, { id: rule.id });
    expect(shown).toEqual({
      name: 'Refunds',
      description: '',
      stage: 'ROUTING',
      scope: { kind: 'ORG', agent: null, tool: null },
      condition: 'text.contains("refund") && "vip" in tags',
      judge: null,
      actions: [
        {
          __typename: 'RouteAction',
          strategy: 'WEIGHTED',
          to: [
            { kind: 'AGENT', weight: 3, agent: { id: agentId, name: 'Ada' }, user: null },
            { kind: 'USER', weight: 1, agent: null, user: { id: owner.id, name: 'Olga' } },
          ],
        },
        { __typename: 'NotifyAction', users: [{ name: 'Olga' }], roles: ['ADMIN'], message: 'A refund' },
      ],
      priority: 10,
      failMode: 'CLOSED',
      validFrom: null,
      validUntil: '2099-01-01T00:00:00.000Z',
      enabled: true,
      version: 1,
      createdBy: { name: 'Olga' },
      versions: {
        totalCount: 1,
        nodes: [
          {
            number: 1,
            note: 'Asked for by the desk',
            restoredFrom: null,
            condition: 'text.contains("refund") && "vip" in tags',
            author: { name: 'Olga' },
          },
        ],
      },
    });
  });

  it.each<[string, object, Record<string, RegExp>]>([
    [
      'a condition that cannot be read',
      { condition: 'text.contains(\n "a"' },
      { 'input.condition': /line \d, column \d/ },
    ],
    ['a fact that there is not', { condition: 'args.amount > 1' }, { 'input.condition': /args.*line 1, column 1/ }],
    ['a comparison of types', { condition: 'hour > "8"' }, { 'input.condition': /int > string/ }],
    ['a condition that is no yes or no', { condition: 'text' }, { 'input.condition': /not a yes or no/ }],
    ['a condition that is never true', { condition: 'hour > 8 && false' }, { 'input.condition': /never true/ }],
    ['an end in the past', { validUntil: '2020-01-01T00:00:00.000Z' }, { 'input.validUntil': /has passed/ }],
    [
      'an end before the beginning',
      { validFrom: '2099-01-02T00:00:00.000Z', validUntil: '2099-01-01T00:00:00.000Z' },
      { 'input.validUntil': /after validFrom/ },
    ],
    ['no action', { actions: [] }, { 'input.actions': /at least one/ }],
    ['an action without a member', { actions: [{}] }, { 'input.actions.0': /exactly one member/ }],
    [
      'an action with two',
      { actions: [...BLOCK, { allow: true, block: { message: 'x' } }] },
      { 'input.actions.1': /not allow, block.*exactly one member/ },
    ],
    [
      'an action of another stage',
      { actions: [{ requireApproval: {} }] },
      { 'input.actions.0.requireApproval': /INPUT/ },
    ],
    ['a scope of another stage', { scope: { tool: 'calculator' } }, { 'input.scope': /INPUT.*tool/ }],
    [
      'a judge where none can be asked',
      { stage: 'ROUTING', judge: { question: 'Is it?' }, actions: [{ tag: { tags: ['x'] } }] },
      { 'input.judge': /cannot ask a model/ },
    ],
    ['two scopes', { scope: { tool: 'x', agentId: newId() } }, { 'input.scope': /Give one/ }],
    [
      'a pattern that cannot be read',
      { actions: [{ redact: { patterns: ['a('] } }] },
      { 'input.actions.0.redact.patterns.0': /./ },
    ],
    [
      'a pattern that looks back',
      { actions: [{ redact: { patterns: ['(?<=a)b'] } }] },
      { 'input.actions.0.redact.patterns.0': /look ahead or back/ },
    ],
    ['an unknown agent', { scope: { agentId: newId() } }, { 'input.scope.agentId': /no such agent/ }],
    [
      'an unknown room',
      { scope: { conversationId: newId() } },
      { 'input.scope.conversationId': /no such conversation/ },
    ],
    ['an unknown tool', { stage: 'TOOL_CALL', scope: { tool: 'hammer' } }, { 'input.scope.tool': /no such tool/ }],
    [
      'unknown people and roles',
      { actions: [{ notify: { userIds: [newId()], roles: ['MEMBER', 'KING', newId()], message: 'x' } }] },
      {
        'input.actions.0.notify.userIds.0': /no such person/,
        'input.actions.0.notify.roles.1': /no such role/,
        'input.actions.0.notify.roles.2': /no such role/,
      },
    ],
    [
      'an unknown candidate',
      { stage: 'ROUTING', actions: [{ route: { to: [{ agentId: newId() }] } }] },
      { 'input.actions.0.route.to.0.agentId': /no such agent/ },
    ],
    [
      'a candidate that is both',
      { stage: 'ROUTING', actions: [{ route: { to: [{ agentId: newId(), userId: newId() }] } }] },
      { 'input.actions.0.route.to.0': /either/ },
    ],
  ])('is refused with %s, at its place', async (_, input, expected) => {
    const found = await problems(input);
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [path, message] of Object.entries(expected)) expect(found[path]).toMatch(message);
  });

  it('tells what conditions of a stage may be about', async () => {
    const { ruleFacts } = await owner.client.request<{
      ruleFacts: { name: string; type: string; description: string }[];
    }>('{ ruleFacts(stage: TOOL_CALL) { name type description } }');
    expect(ruleFacts).toContainEqual({
      name: 'args',
      type: 'map<string, dyn>',
      description: 'The arguments of the call, such as args.amount.',
    });
  });
});

describe('what is doubtful beside other rules', () => {
  /** Of an agent of its own, so that no other rule meddles. */
  const scoped = async () => ({ agentId: (await test.seed.agent(owner)).id });

  it('is a rule that is never reached, and one that is reached no more', async () => {
    const scope = await scoped();
    const block = await createRule(owner, { name: 'Wall', scope, actions: BLOCK, priority: 5 });
    const behind = await createRule(owner, {
      name: 'Behind',
      scope,
      condition: 'hour > 8',
      actions: [{ tag: { tags: ['a'] } }],
    });
    expect(behind.warnings).toEqual([
      { code: 'UNREACHABLE', ruleId: block.rule.id, message: expect.stringContaining('Wall') },
    ]);
    const before = await createRule(owner, { name: 'Before', scope, actions: ALLOW, priority: 9 });
    expect(before.warnings.map(({ code, ruleId }) => [code, ruleId]).sort()).toEqual(
      [
        ['SHADOWS', block.rule.id],
        ['SHADOWS', behind.rule.id],
      ].sort(),
    );
  });

  it('is a rule that wants the opposite in the same case', async () => {
    const scope = await scoped();
    const condition = 'text.contains("a b")';
    const one = await createRule(owner, { name: 'Yes', scope, condition, actions: ALLOW, priority: 2 });
    const other = await createRule(owner, { scope, condition: 'text.contains( "a b" )', actions: BLOCK });
    expect(other.warnings).toEqual([
      { code: 'CONTRADICTS', ruleId: one.rule.id, message: expect.stringContaining('Yes comes first') },
    ]);
    const third = await createRule(owner, { scope, condition: 'text.contains("ab")', actions: BLOCK });
    expect(third.warnings).toEqual([]);
  });
});

describe('versions', () => {
  it('follow from changes, are compared, and come back', async () => {
    const { rule } = await createRule(owner, { condition: 'text == "one"', actions: BLOCK });
    const change = (input: object) =>
      owner.client.request<{ updateRule: { rule: { version: number } } }>(UPDATE, {
        input: { ruleId: rule.id, ...input },
      });
    expect(
      (await change({ condition: 'text == "two"', actions: [{ block: { message: 'Never.' } }] })).updateRule.rule,
    ).toMatchObject({ version: 2 });
    expect((await change({ condition: 'text == "two"' })).updateRule.rule.version).toBe(2);
    const { ruleVersionDiff } = await owner.client.request<{ ruleVersionDiff: unknown }>(DIFF, {
      id: rule.id,
      from: 1,
      to: 2,
    });
    expect(ruleVersionDiff).toEqual({
      changes: [
        { path: 'condition', kind: 'CHANGED', before: 'text == "one"', after: 'text == "two"' },
        { path: 'actions.0.message', kind: 'CHANGED', before: 'No.', after: 'Never.' },
      ],
    });
    const { rollBackRule } = await owner.client.request<{ rollBackRule: unknown }>(ROLL_BACK, {
      input: { ruleId: rule.id, version: 1, note: 'Back' },
    });
    expect(rollBackRule).toEqual({ rule: { version: 3, condition: 'text == "one"' } });
    const { rule: shown } = await owner.client.request<{ rule: { versions: { nodes: object[] } } }>(RULE, {
      id: rule.id,
    });
    expect(shown.versions.nodes).toMatchObject([
      { number: 3, restoredFrom: 1, note: 'Back' },
      { number: 2 },
      { number: 1 },
    ]);
    for (const [query, input] of [
      [UPDATE, { ruleId: rule.id, expectedVersion: 2, name: 'x' }],
      [ROLL_BACK, { ruleId: rule.id, version: 3 }],
    ] as const) {
      const { errors } = await owner.client.send(query, { input });
      expect(errors?.[0]?.extensions.code).toBe('CONFLICT');
    }
    const { errors } = await owner.client.send(ROLL_BACK, { input: { ruleId: rule.id, version: 9 } });
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('are of changes at the same time as well: one each, or a refusal', async () => {
    const { rule } = await createRule(owner, { condition: 'text == "0"', actions: BLOCK });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        owner.client.send(UPDATE, { input: { ruleId: rule.id, condition: `text == "n${n}"` } }),
      ),
    );
    const done = answers.filter(({ errors }) => !errors).length;
    expect(answers.every(({ errors }) => !errors || errors[0]?.extensions.code === 'CONFLICT')).toBe(true);
    const { rule: shown } = await owner.client.request<{ rule: { version: number; versions: { totalCount: number } } }>(
      RULE,
      { id: rule.id },
    );
    expect(shown).toMatchObject({ version: done + 1, versions: { totalCount: done + 1 } });
  });
});

describe('rules', () => {
  it('are listed in the order of evaluation, page by page, and found by what they are about', async () => {
    const person = await test.seed.owner('Lisa');
    const made = new Map<string, string>();
    for (const [name, stage, priority, enabled] of [
      ['b', 'INPUT', 0, true],
      ['a', 'INPUT', 5, false],
      ['d', 'OUTPUT', 9, true],
      ['c', 'INPUT', 0, true],
    ] as const) {
      const { rule } = await createRule(person, {
        name,
        stage,
        priority,
        enabled,
        condition: `text == "${name}"`,
        actions: BLOCK,
      });
      made.set(name, rule.id);
    }
    interface Listed {
      rules: {
        totalCount: number;
        nodes: { id: string; name: string }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
    }
    const list = (variables: object) => person.client.request<Listed>(LIST, { ...variables });
    const names: string[] = [];
    let after: string | null = null;
    do {
      const { rules }: Listed = await list({ first: 1, after });
      names.push(...rules.nodes.map(({ name }) => name));
      after = rules.pageInfo.hasNextPage ? rules.pageInfo.endCursor : null;
    } while (after);
    expect(names).toEqual(['a', 'b', 'c', 'd']);
    expect((await list({ filter: { enabled: false } })).rules.nodes.map(({ name }) => name)).toEqual(['a']);
    expect((await list({ filter: { stage: 'OUTPUT' } })).rules.totalCount).toBe(1);
    const { errors } = await person.client.send(LIST, { after: 'junk' });
    expect(errors?.[0]?.extensions.fields).toMatchObject([{ path: 'after' }]);

    const id = made.get('a');
    for (const field of ['enableRule', 'disableRule']) {
      const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input`;
      const answer = await person.client.request<Record<string, unknown>>(
        `mutation ($input: ${type}!) { ${field}(input: $input) { rule { enabled version } } }`,
        { input: { ruleId: id } },
      );
      expect(answer).toEqual({ [field]: { rule: { enabled: field === 'enableRule', version: 1 } } });
    }
    const remove = 'mutation ($input: DeleteRuleInput!) { deleteRule(input: $input) { deletedRuleId } }';
    expect(await person.client.request(remove, { input: { ruleId: id } })).toEqual({
      deleteRule: { deletedRuleId: id },
    });
    const gone = await person.client.send(remove, { input: { ruleId: id } });
    expect(gone.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });
});
