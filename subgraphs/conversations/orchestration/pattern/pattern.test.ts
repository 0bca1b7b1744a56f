import { describe, expect, it } from 'vitest';
import { pick } from './group-pick.ts';
import { bounces } from './handover.ts';
import { mergeValues, vote } from './merge.ts';
import { fillTemplate } from './template.ts';

const output = (text: string, value: object | null = null) => ({ text, value: value as never });

describe('a template', () => {
  const outputs = new Map([['ann', output('{"a":{"b":[1]}}', { a: { b: [1], c: 'text' } })]]);

  it.each([
    ['{{input}}!', 'given!'],
    ['{{ outputs.ann.a.c }}', 'text'],
    ['{{outputs.ann.a.b}}', '[1]'],
    ['{{outputs.ann}}', '{"a":{"b":[1]}}'],
    ['{{outputs.ann.nothing}}-{{outputs.bob}}-{{other}}', '--'],
    ['{{outputs.ann.constructor}}{{outputs.ann.__proto__.x}}', ''],
    ['{{input', '{{input'],
  ])('%s', (template, text) => {
    expect(fillTemplate(template, 'given', outputs)).toBe(text);
  });

  it('does not fill what it was filled with', () => {
    expect(fillTemplate('{{input}}', '{{outputs.ann}}', outputs)).toBe('{{outputs.ann}}');
  });
});

describe('values', () => {
  it.each([
    [[{ a: 1 }, { b: 2 }], { a: 1, b: 2 }],
    [[{ a: { x: 1 } }, { a: { y: 2 } }], { a: { x: 1, y: 2 } }],
    [[{ a: [1] }, { a: [2] }], { a: [1, 2] }],
    [[{ a: 1 }, { a: 2 }], { a: 2 }],
    [[null, { a: 1 }, null], { a: 1 }],
    [
      [[1], [2]],
      [1, 2],
    ],
    [[], null],
  ])('%j merge to %j', (values, merged) => {
    expect(mergeValues(values as never)).toEqual(merged);
  });

  it('keep a key that objects have by birth', () => {
    expect(Object.keys(mergeValues([JSON.parse('{"__proto__": 1}'), { a: 1 }] as never) as object)).toEqual([
      '__proto__',
      'a',
    ]);
  });
});

it.each([
  [['yes', 'No.', 'no'], 'No.'],
  [['a', 'b'], 'a'],
  [['A  b!', 'c', 'a b'], 'A  b!'],
])('a vote of %j is won by %s', (texts, winner) => {
  expect(vote(texts.map((text) => output(text))).text).toBe(winner);
});

it.each([
  [['a', 'b'], 'b', 'a', 0],
  [['a', 'b', 'a'], 'a', 'b', 1],
  [['a', 'b', 'a', 'b', 'a'], 'a', 'b', 2],
  [['a', 'c', 'a', 'b', 'a'], 'a', 'b', 1],
])('on %j the conversation has bounced from %s to %s and back', (trail, from, to, count) => {
  expect(bounces(trail, from, to)).toBe(count);
});

describe('one of a group', () => {
  const members = [
    { node: 'a', priority: 2, weight: 1 },
    { node: 'b', priority: 1, weight: 3 },
  ];
  const loads: Record<string, { running: number; chosenAt: number }> = {
    a: { running: 0, chosenAt: 5 },
    b: { running: 2, chosenAt: 4 },
  };
  const load = ({ node }: { node: string }) => loads[node] ?? { running: 0, chosenAt: 0 };

  it.each([
    ['PRIORITY', 0, 'b'],
    ['LEAST_LOADED', 0, 'a'],
    ['ROUND_ROBIN', 0, 'b'],
    ['WEIGHTED', 0.2, 'a'],
    ['WEIGHTED', 0.3, 'b'],
    ['WEIGHTED', 0.99, 'b'],
  ] as const)('by %s at %d is %s', (selection, random, node) => {
    expect(pick(selection, members, load, random).node).toBe(node);
  });

  it('is the first where none has a weight', () => {
    const weightless = members.map((member) => ({ ...member, weight: 0 }));
    expect(pick('WEIGHTED', weightless, load, 0.5).node).toBe('a');
  });
});
