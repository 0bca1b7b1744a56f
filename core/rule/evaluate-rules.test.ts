import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { evaluateRules, evaluateWithJudge, JudgeSilent } from './evaluate-rules.ts';
import type { Rule } from './rule.ts';
import type { RuleAction } from './rule-action.ts';
import { actionsOf } from './rule-decision.ts';
import type { FactsOf } from './rule-fact.ts';
import { RuleSet } from './rule-set.ts';

const INPUT: FactsOf<'INPUT'> = {
  text: 'My card is lost',
  files: [],
  authorId: 'ada',
  author: 'Ada',
  agentId: 'bot',
  agent: 'Bot',
  roomId: 'room',
  room: 'Support',
  tags: ['vip'],
  priority: 'NORMAL',
  hour: 9n,
  weekday: 1n,
};

let made = 0;

function ruleOf(fields: Partial<Rule> & { actions: RuleAction[] }): Rule {
  made += 1;
  return {
    id: `rule-${String(made).padStart(6, '0')}`,
    versionId: `version-${made}`,
    version: 1,
    name: `Rule ${made}`,
    stage: 'INPUT',
    scope: { kind: 'ORG', of: null },
    condition: 'true',
    judge: null,
    priority: 0,
    failMode: 'OPEN',
    validFrom: null,
    validUntil: null,
    ...fields,
  };
}

const block = (message = 'No.'): RuleAction => ({ kind: 'BLOCK', message });
const tag = (...tags: string[]): RuleAction => ({ kind: 'TAG', tags });
const allow: RuleAction = { kind: 'ALLOW' };

const decide = (rules: Rule[], facts = INPUT, now = Date.parse('2027-01-01T00:00:00Z')) =>
  evaluateRules(new RuleSet(7, rules), 'INPUT', facts, now);

const kindsOf = (rules: Rule[]) => decide(rules).actions.map(({ action }) => action.kind);

describe('what rules decide', () => {
  it('passes what no rule is about', () => {
    expect(decide([])).toMatchObject({ outcome: 'PASSED', actions: [], matched: [], trace: [], setVersion: 7 });
    const decision = decide([ruleOf({ condition: 'text.contains("refund")', actions: [block()] })]);
    expect(decision).toMatchObject({ outcome: 'PASSED', matched: [] });
    expect(decision.trace).toMatchObject([{ result: 'NOT_MATCHED', error: null }]);
  });

  it('looks at the higher priority first, then at the older rule', () => {
    const [old, young] = [ruleOf({ actions: [tag('old')] }), ruleOf({ actions: [tag('young')] })];
    const high = ruleOf({ actions: [tag('high')], priority: 5 });
    expect(actionsOf(decide([young, high, old]), 'TAG').map(({ action }) => action.tags[0])).toEqual([
      'high',
      'old',
      'young',
    ]);
  });

  it.each<[string, RuleAction, string]>([
    ['blocks', block(), 'BLOCKED'],
    ['allows', allow, 'ALLOWED'],
    ['ends', { kind: 'END_CONVERSATION', message: 'Bye.' }, 'ENDED'],
  ])('stops at a rule that %s', (_, action, outcome) => {
    const decision = decide([
      ruleOf({ actions: [tag('before')], priority: 2 }),
      ruleOf({ name: 'Stop', actions: [action, tag('after')], priority: 1 }),
      ruleOf({ actions: [block('Never.')] }),
    ]);
    expect(decision.outcome).toBe(outcome);
    expect(decision.actions.map((applied) => applied.action.kind)).toEqual(['TAG', action.kind]);
    expect(decision.trace.map(({ result }) => result)).toEqual(['MATCHED', 'MATCHED', 'SKIPPED']);
    expect(decision.trace[2]?.why).toContain('Stop');
  });

  it('takes of routes, priorities and approvals the one of the highest priority', () => {
    const low: RuleAction = { kind: 'SET_PRIORITY', level: 'LOW' };
    const urgent: RuleAction = { kind: 'SET_PRIORITY', level: 'URGENT' };
    const decision = decide([ruleOf({ actions: [low] }), ruleOf({ actions: [urgent], priority: 1 })]);
    expect(decision.actions.map(({ action }) => action)).toEqual([urgent]);
    expect(decision.matched).toHaveLength(2);
  });

  it('keeps every change of the text, in order', () => {
    const redact: RuleAction = { kind: 'REDACT', detectors: ['CARD'], patterns: [], replacement: '…' };
    expect(
      kindsOf([ruleOf({ actions: [redact] }), ruleOf({ actions: [{ kind: 'REPLACE', with: 'x' }], priority: 1 })]),
    ).toEqual(['REPLACE', 'REDACT']);
  });

  it.each<[Partial<Rule>, string]>([
    [{ scope: { kind: 'AGENT', of: 'bot' } }, 'BLOCKED'],
    [{ scope: { kind: 'AGENT', of: 'other' } }, 'PASSED'],
    [{ scope: { kind: 'CONVERSATION', of: 'room' } }, 'BLOCKED'],
    [{ scope: { kind: 'CONVERSATION', of: 'bot' } }, 'PASSED'],
    [{ stage: 'OUTPUT' }, 'PASSED'],
    [{ validFrom: '2027-01-01T00:00:00.000Z' }, 'BLOCKED'],
    [{ validFrom: '2027-01-01T00:00:00.001Z' }, 'PASSED'],
    [{ validUntil: '2027-01-01T00:00:00.000Z' }, 'PASSED'],
    [{ validUntil: '2027-01-01T00:00:00.001Z' }, 'BLOCKED'],
    [{ condition: 'hour >= 8 && "vip" in tags && author.startsWith("A")' }, 'BLOCKED'],
  ])('%j', (fields, outcome) => {
    expect(decide([ruleOf({ ...fields, actions: [block()] })]).outcome).toBe(outcome);
  });
});

describe('a condition that cannot be evaluated', () => {
  const broken = 'text.size() >\n  nothing.there';

  it.each<[Partial<Rule>, string, string[]]>([
    [{ failMode: 'OPEN', actions: [block()] }, 'PASSED', []],
    [{ failMode: 'CLOSED', actions: [block()] }, 'BLOCKED', ['BLOCK']],
    [{ failMode: 'CLOSED', actions: [tag('a'), allow] }, 'PASSED', ['TAG']],
    [{ failMode: 'CLOSED', actions: [allow] }, 'PASSED', []],
  ])('%j', (fields, outcome, kinds) => {
    const decision = decide([
      ruleOf({ actions: [block()], ...fields, condition: broken }),
      ruleOf({ actions: [tag('b')] }),
    ]);
    expect(decision.outcome).toBe(outcome);
    expect(decision.trace[0]).toMatchObject({ result: 'FAILED', error: expect.stringContaining('line 2, column 3') });
    expect(
      decision.actions.filter(({ rule }) => rule.id === decision.trace[0]?.rule.id).map((a) => a.action.kind),
    ).toEqual(kinds);
  });

  it('is one that cannot be read, or looks for ever, as well', () => {
    const facts = { ...INPUT, text: `${'a'.repeat(60)}!` };
    const decision = decide(
      [
        ruleOf({ condition: 'text ==', actions: [block()], priority: 2 }),
        ruleOf({ condition: 'text.matches("(a+)+$")', actions: [block()], priority: 1 }),
        ruleOf({ actions: [tag('on')] }),
      ],
      facts,
    );
    expect(decision.trace.map(({ result }) => result)).toEqual(['FAILED', 'FAILED', 'MATCHED']);
    expect(decision.trace[1]?.error).toContain('too long');
  });

  it('does not hold the process for long, however many there are', () => {
    const facts = { ...INPUT, text: `${'a'.repeat(60)}!` };
    const rules = Array.from({ length: 20 }, () =>
      ruleOf({ condition: 'text.matches("(a+)+$")', actions: [block()], failMode: 'CLOSED', priority: 1 }),
    ).map((rule) => ({ ...rule, actions: [tag(rule.id)] }));
    const decision = decide(rules, facts);
    expect(decision.actions).toHaveLength(20);
    expect(decision.trace.filter(({ error }) => error?.includes('before it'))).not.toHaveLength(0);
  });
});

describe('a rule with a judge', () => {
  const judged = () =>
    ruleOf({ judge: { question: 'Is it rude?', model: null }, actions: [block()], condition: 'text.size() > 3' });

  it.each<[boolean, string, string]>([
    [true, 'BLOCKED', 'MATCHED'],
    [false, 'PASSED', 'NOT_MATCHED'],
  ])('applies where its judge says %s', async (applies, outcome, result) => {
    const asked: string[] = [];
    const rule = judged();
    const set = new RuleSet(1, [rule, { ...judged(), condition: 'false' }]);
    const decision = await evaluateWithJudge(set, 'INPUT', INPUT, async ({ id }) => {
      asked.push(id);
      return { applies, reason: 'So it is.' };
    });
    expect(asked).toEqual([rule.id]);
    expect(decision.outcome).toBe(outcome);
    expect(decision.trace[0]).toMatchObject({ result, why: expect.stringContaining('So it is.') });
  });

  it.each(['OPEN', 'CLOSED'] as const)('fails %s where its judge is silent, or there is none', async (failMode) => {
    const set = new RuleSet(1, [{ ...judged(), failMode }]);
    const outcome = failMode === 'OPEN' ? 'PASSED' : 'BLOCKED';
    const silent = await evaluateWithJudge(set, 'INPUT', INPUT, () => Promise.reject(new JudgeSilent('It is away.')));
    expect(silent).toMatchObject({ outcome, trace: [{ result: 'FAILED', error: 'It is away.' }] });
    expect(evaluateRules(set, 'INPUT', INPUT)).toMatchObject({ outcome, trace: [{ result: 'FAILED' }] });
  });
});

test('whatever the rules and their order, the same is decided, and nothing below what ends it counts', () => {
  const action = fc.constantFrom(allow, block(), tag('a'), { kind: 'SET_PRIORITY', level: 'HIGH' } as RuleAction);
  const condition = fc.constantFrom('true', 'false', 'hour > 8', 'nothing');
  const rules = fc.array(
    fc.record({
      actions: fc.array(action, { minLength: 1, maxLength: 3 }),
      condition,
      priority: fc.integer({ min: -3, max: 3 }),
      failMode: fc.constantFrom('OPEN' as const, 'CLOSED' as const),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(rules, fc.infiniteStream(fc.nat()), (fields, order) => {
      const all = fields.map(ruleOf);
      const shuffled = all.map((rule) => ({ rule, at: order.next().value })).sort((a, b) => a.at - b.at);
      const { micros: _, ...one } = decide(all);
      const { micros: __, ...other } = decide(shuffled.map(({ rule }) => rule));
      expect(other).toEqual(one);
      expect(one.trace).toHaveLength(all.length);
      const end = one.trace.findIndex(({ result }) => result === 'SKIPPED');
      if (end >= 0) expect(one.trace.slice(end).every(({ result }) => result === 'SKIPPED')).toBe(true);
    }),
  );
});
