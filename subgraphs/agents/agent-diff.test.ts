import { describe, expect, it } from 'vitest';
import { type AgentEdits, withFields } from './agent-definition.ts';
import { diffContent, isSameContent } from './agent-diff.ts';

const base = withFields({ name: 'Ada', description: 'Counts', instructions: 'Be exact.', metadata: { team: 'a' } });
const diff = (edits: AgentEdits) => diffContent(base, withFields(edits, base));

describe('one setting', () => {
  it.each<[AgentEdits, object]>([
    [{ name: 'Bob' }, { path: 'name', kind: 'CHANGED', before: 'Ada', after: 'Bob' }],
    [{ description: '' }, { path: 'description', kind: 'REMOVED', before: 'Counts', after: null }],
    [{ model: 'x' }, { path: 'definition.model', kind: 'ADDED', before: null, after: 'x' }],
    [{ temperature: 0 }, { path: 'definition.temperature', kind: 'ADDED', before: null, after: 0 }],
    [
      { thinking: { budgetTokens: null, effort: 'LOW' } },
      { path: 'definition.thinking.effort', kind: 'ADDED', before: null, after: 'LOW' },
    ],
    [{ metadata: {} }, { path: 'definition.metadata.team', kind: 'REMOVED', before: 'a', after: null }],
    [{ metadata: { team: 'b' } }, { path: 'definition.metadata.team', kind: 'CHANGED', before: 'a', after: 'b' }],
  ])('%j', (edits, change) => {
    expect(diff(edits)).toEqual([{ ...change, hunks: null }]);
  });
});

it('is empty between equals, whatever the order of their keys', () => {
  const { kind, schema, ...rest } = base.definition;
  const same = { ...base, definition: { ...rest, schema, kind } };
  expect(diffContent(base, same)).toEqual([]);
  expect(isSameContent(base, same)).toBe(true);
  expect(isSameContent(base, withFields({ temperature: 0 }, base))).toBe(false);
});

it('lists every setting that differs', () => {
  const paths = diff({ name: 'B', temperature: 1, metadata: { owner: 'c' } }).map((change) => [
    change.kind,
    change.path,
  ]);
  expect(paths).toEqual([
    ['CHANGED', 'name'],
    ['ADDED', 'definition.temperature'],
    ['ADDED', 'definition.metadata.owner'],
    ['REMOVED', 'definition.metadata.team'],
  ]);
});

describe('long text', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}`);
  const between = (before: string, after: string) =>
    diffContent(withFields({ instructions: before }, base), withFields({ instructions: after }, base))[0]?.hunks;

  it('is compared line by line, with what stands around', () => {
    const before = lines(20);
    const after = before.with(9, 'another line');
    expect(between(before.join('\n'), after.join('\n'))).toEqual([
      {
        oldStart: 7,
        oldLines: 7,
        newStart: 7,
        newLines: 7,
        lines: [
          { kind: 'CONTEXT', text: 'line 7' },
          { kind: 'CONTEXT', text: 'line 8' },
          { kind: 'CONTEXT', text: 'line 9' },
          { kind: 'REMOVED', text: 'line 10' },
          { kind: 'ADDED', text: 'another line' },
          { kind: 'CONTEXT', text: 'line 11' },
          { kind: 'CONTEXT', text: 'line 12' },
          { kind: 'CONTEXT', text: 'line 13' },
        ],
      },
    ]);
  });

  it('has a hunk for each place that changed', () => {
    const before = lines(40);
    expect(between(before.join('\n'), before.toSpliced(30, 1).toSpliced(2, 0, 'new').join('\n'))).toHaveLength(2);
  });

  it('shows lines that begin with the signs of the format as they are', () => {
    const hunks = between('- a\n+ b\n\\ c\n', '- a\n+ b\n\\ d\n');
    expect(hunks?.[0]?.lines.map((line) => line.text)).toEqual(['- a', '+ b', '\\ c', '\\ d']);
  });

  it('goes without hunks where the texts have too little in common', () => {
    const other = (tag: string) => lines(3_000).map((line) => `${tag} ${line}`);
    expect(between(other('a').join('\n'), other('b').join('\n'))).toBeNull();
  });
});
