import { describe, expect, it } from 'vitest';
import { validate } from '#core/validate';
import { type AgentEdits, agentFields, withFields } from './agent-definition.ts';
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

  it('is given up where all comparisons of a request have taken their time', () => {
    const [before, after] = ['one\ntwo\n', 'one\nthree\n'].map((instructions) => withFields({ instructions }, base));
    if (!before || !after) throw new Error('There is nothing to compare.');
    const hunksWith = (leftMs: number) => diffContent(before, after, { leftMs })[0]?.hunks;
    expect(hunksWith(1_000)).toHaveLength(1);
    expect(hunksWith(0)).toBeNull();
    // What nobody asks for takes none of it.
    const time = { leftMs: 1_000 };
    expect(diffContent(before, after, time).map(({ path }) => path)).toEqual(['definition.instructions']);
    expect(time.leftMs).toBe(1_000);
  });

  it('goes without hunks where the texts have too little in common', () => {
    const other = (tag: string) => lines(3_000).map((line) => `${tag} ${line}`);
    expect(between(other('a').join('\n'), other('b').join('\n'))).toBeNull();
  });
});

describe('a team', () => {
  const ID = '01a211d7-18ea-7499-8a39-cd878e044727';
  const node = (key: string, more: object = {}) => ({ key, agentId: ID, ...more });
  const fields = (input: object) => validate(agentFields.partial(), input);
  const before = withFields(
    fields({
      name: 'Desk',
      tools: [{ name: 'clock' }, { name: 'search', approval: { rule: 'ALWAYS' } }],
      outputSchema: { type: 'object', properties: { a: { type: 'string' } } },
      limits: { maxSteps: 5 },
      team: { nodes: [node('a'), node('b'), node('c', { version: 1 })], sequential: {} },
    }),
  );
  const changes = (input: object) =>
    diffContent(before, withFields(fields(input), before)).map(({ kind, path, before: was, after: is }) => [
      kind,
      path,
      was,
      is,
    ]);

  it('is compared node by node, whatever stands before it', () => {
    const nodes = [node('c', { version: 2 }), node('d', { description: 'New' }), node('a')];
    expect(changes({ team: { nodes, sequential: {} } })).toEqual([
      ['CHANGED', 'definition.team.flow.steps', ['a', 'b', 'c'], ['c', 'd', 'a']],
      ['REMOVED', 'definition.team.flow.steps.b.input', 'LAST', null],
      ['REMOVED', 'definition.team.flow.steps.b.onError', 'FAIL', null],
      ['ADDED', 'definition.team.flow.steps.d.input', null, 'LAST'],
      ['ADDED', 'definition.team.flow.steps.d.onError', null, 'FAIL'],
      ['CHANGED', 'definition.team.nodes', ['a', 'b', 'c'], ['c', 'd', 'a']],
      ['REMOVED', 'definition.team.nodes.b.agentId', ID, null],
      ['CHANGED', 'definition.team.nodes.c.version', 1, 2],
      ['ADDED', 'definition.team.nodes.d.agentId', null, ID],
      ['ADDED', 'definition.team.nodes.d.description', null, 'New'],
    ]);
  });

  it.each<[string, object, unknown[][]]>([
    [
      'tools by their names',
      { tools: [{ name: 'search', approval: { rule: 'NEVER' } }, { name: 'clock' }] },
      [['CHANGED', 'definition.tools.search.approval.rule', 'ALWAYS', 'NEVER']],
    ],
    [
      'a tool less',
      { tools: [{ name: 'search', approval: { rule: 'ALWAYS' } }] },
      [['CHANGED', 'definition.tools', ['clock', 'search'], ['search']]],
    ],
    [
      'limits by theirs',
      { limits: { maxSteps: 6, onLimit: 'ESCALATE' } },
      [
        ['CHANGED', 'definition.limits.maxSteps', 5, 6],
        ['ADDED', 'definition.limits.onLimit', null, 'ESCALATE'],
      ],
    ],
    [
      'a team that is none any more',
      { team: null, tools: null, limits: null, outputSchema: null },
      [
        ['CHANGED', 'definition.kind', 'TEAM', 'MODEL'],
        ['REMOVED', 'definition.outputSchema', { type: 'object', properties: { a: { type: 'string' } } }, null],
      ],
    ],
  ])('and %s', (_, input, expected) => {
    expect(changes(input)).toEqual(expect.arrayContaining(expected));
    if (expected.length === 1) expect(changes(input)).toHaveLength(1);
  });

  it('and its schema line by line, null and order within it included', () => {
    const outputSchema = { type: 'object', properties: { a: { enum: ['x', null] } } };
    const [change] = diffContent(before, withFields(fields({ outputSchema }), before));
    expect(change?.hunks?.[0]?.lines.filter(({ kind }) => kind !== 'CONTEXT').map(({ text }) => text.trim())).toEqual([
      '"type": "string"',
      '"enum": [',
      '"x",',
      'null',
      ']',
    ]);
    const other = { properties: { a: { enum: [null, 'x'] } }, type: 'object' };
    const one = withFields(fields({ outputSchema }), before);
    expect(isSameContent(one, withFields(fields({ outputSchema: other }), before))).toBe(false);
    const same = { properties: { a: { enum: ['x', null] } }, type: 'object' };
    expect(isSameContent(one, withFields(fields({ outputSchema: same }), before))).toBe(true);
  });

  it('tells the second step of a node, edges, rules and groups apart', () => {
    const paths = (team: object) =>
      diffContent(withFields({ name: 'A' }), withFields(fields({ name: 'A', team }))).map(({ path }) => path);
    expect(paths({ nodes: [node('a')], sequential: { steps: [{ node: 'a' }, { node: 'a' }] } })).toContain(
      'definition.team.flow.steps.a#2.input',
    );
    const edges = [{ from: 'a', to: 'b', description: 'Go' }];
    expect(paths({ nodes: [node('a'), node('b')], handoff: { edges } })).toContain(
      'definition.team.flow.edges.a>b.description',
    );
    const router = {
      rules: [{ condition: 'true', node: 'a' }],
      groups: [{ nodes: [{ node: 'a' }, { node: 'b', weight: 0 }] }],
    };
    expect(paths({ nodes: [node('a'), node('b')], router })).toEqual(
      expect.arrayContaining([
        'definition.team.flow.rules.a.condition',
        'definition.team.flow.groups',
        'definition.team.flow.groups.a+b.nodes.b.weight',
      ]),
    );
  });
});
