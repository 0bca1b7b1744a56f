import { describe, expect, it } from 'vitest';
import { ConditionError, type ConditionFacts, conditionProblem, constantOf, evaluateCondition } from './condition.ts';

const FACTS: ConditionFacts = { input: 'string', hour: 'int', agents: 'list<string>', args: 'map<string, dyn>' };

const known = { input: 'A refund, please', hour: 9n, agents: ['ada', 'bob'], args: { amount: 150, items: [1, 2, 3] } };

describe('a sound condition', () => {
  it.each<[string, boolean]>([
    ['true', true],
    ['input.contains("refund")', true],
    ['input.matches("^[a-z]+$")', false],
    ['hour >= 8 && hour < 18', true],
    ['"eve" in agents', false],
    ['agents.exists(a, a == "bob")', true],
    ['args.items.all(i, args.items.exists(j, i == j))', true],
    ['args.amount > 100', true],
    ['has(args.missing) && args.missing > 1', false],
    ['hour == 9 ? input == "" : true', false],
    ['size(agents.filter(a, a.startsWith("a"))) == 1', true],
  ])('%s', (expression, expected) => {
    expect(conditionProblem(expression, FACTS)).toBeNull();
    expect(evaluateCondition(expression, known)).toBe(expected);
  });
});

describe('what is refused, and where', () => {
  it.each<[string, RegExp]>([
    ['', /no condition/],
    ['  ', /no condition/],
    ['input ==', /Unexpected token.*\(line 1, column 9\)/],
    ['input == "a" &&\n  hour >', /\(line 2, column 9\)/],
    ['secret == ""', /secret.*\(line 1, column 1\)/],
    ['hour > "8"', /int > string/],
    ['input', /of the type string, not a yes or no/],
    ['agents.map(a, a + a) == []', /map\(\) is not available.*column/],
    ['cel.bind(a, input + input, a == "")', /bind\(\) is not available/],
    ['input.nothing()', /nothing/],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, /depth/i],
    [`[${'1,'.repeat(300)}1] == []`, /elements/i],
    [`${'hour == 1 || '.repeat(400)}false`, /nodes/i],
  ])('%s', (expression, problem) => {
    expect(conditionProblem(expression, FACTS)).toMatch(problem);
  });
});

describe('an evaluation that fails', () => {
  it.each<[string, string, object]>([
    ['is not a yes or no', 'args.amount', known],
    ['lacks what it asks for', 'args.other > 1', known],
    ['compares what cannot be compared', 'args.amount > "x"', known],
    ['is of the forbidden kind', 'args.items.map(i, i) == []', known],
    ['looks for ever', 'input.matches("(a+)+$")', { ...known, input: `${'a'.repeat(60)}!` }],
    [
      'goes through lists within lists',
      'args.items.all(i, args.items.all(j, args.items.all(k, i + j + k >= 0.0)))',
      { ...known, args: { items: Array.from({ length: 5_000 }, (_, index) => index) } },
    ],
  ])('since it %s is an error with words', (_, expression, facts) => {
    expect(() => evaluateCondition(expression, { ...facts })).toThrow(ConditionError);
  });

  it('leaves the next one alone', () => {
    expect(() => evaluateCondition('input.matches("(a+)+$")', { input: `${'a'.repeat(60)}!` })).toThrow(/too long/);
    expect(evaluateCondition('input == ""', { input: '' })).toBe(true);
  });
});

describe('what a condition always is', () => {
  it.each<[string, boolean | null]>([
    ['true', true],
    ['false', false],
    ['1 > 2', false],
    ['(1 < 2) && !false', true],
    ['hour > 8 && false', false],
    ['hour > 8 || 1 == 1', true],
    ['hour > 8 || 1 == 2', null],
    ['!(hour > 8 && false)', true],
    ['input == input', null],
    ['[1].exists(a, a == 2)', null],
    ['"a"', null],
    ['1 / 0 == 1', null],
    ['true &&', null],
  ])('%s is %s', (expression, expected) => {
    expect(constantOf(expression)).toBe(expected);
  });
});
