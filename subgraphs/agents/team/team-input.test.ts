import { describe, expect, it } from 'vitest';
import type { ParleyError } from '#core/error';
import { validate } from '#core/validate';
import { teamInput } from './team-input.schema.ts';

const ID = '01a211d7-18ea-7499-8a39-cd878e044727';
const nodes = (...keys: string[]) => keys.map((key) => ({ key, agentId: ID }));

function problemsOf(input: unknown): [path: string, message: string][] {
  try {
    validate(teamInput, input, 'team');
    return [];
  } catch (error) {
    const fields = (error as ParleyError).extensions.fields as { path: string; message: string }[];
    return fields.map(({ path, message }) => [path, message]);
  }
}

describe('a team that is sent', () => {
  it('is made whole', () => {
    expect(validate(teamInput, { nodes: nodes('a', 'b'), sequential: {} })).toEqual({
      nodes: nodes('a', 'b').map((node) => ({ ...node, version: null, description: null })),
      flow: {
        pattern: 'SEQUENTIAL',
        steps: ['a', 'b'].map((node) => ({
          node,
          input: 'LAST',
          mapping: null,
          onError: 'FAIL',
          defaultValue: null,
          fallbackNode: null,
        })),
      },
    });
    expect(
      validate(teamInput, { nodes: nodes('a', 'b', 'm'), parallel: { merge: 'AGENT', mergeNode: 'm' } }).flow,
    ).toMatchObject({
      branches: [{ node: 'a' }, { node: 'b' }],
      join: 'ALL',
      onFailure: 'COLLECT',
    });
    expect(
      validate(teamInput, { nodes: nodes('a', 'b'), handoff: { edges: [{ from: 'a', to: 'b' }] } }).flow,
    ).toMatchObject({
      start: 'a',
      history: 'FULL',
      returns: 'STICKY',
    });
  });

  it.each<[string, object, object]>([
    ['a mapping', { sequential: { steps: [{ node: 'a', mapping: '{{input}}' }] } }, { steps: [{ input: 'MAPPING' }] }],
    [
      'a default value',
      { sequential: { steps: [{ node: 'a', defaultValue: '' }] } },
      { steps: [{ onError: 'DEFAULT_VALUE' }] },
    ],
    ['a count', { parallel: { joinCount: 1 } }, { join: 'N_OF_M', merge: 'CONCAT' }],
    ['a rule', { groupChat: { maxRounds: 2, rules: [{ condition: 'round > 1', node: 'a' }] } }, { speaker: 'RULE' }],
    ['no rule', { groupChat: { maxRounds: 2, rules: [] } }, { speaker: 'ROUND_ROBIN' }],
    ['nothing but its end', { loop: { maxIterations: 2 } }, { body: 'a', judge: null, criteria: '' }],
    [
      'null',
      { parallel: { branches: null, join: null, merge: null, branchRetries: null } },
      { join: 'ALL', branches: [{ node: 'a' }] },
    ],
  ])('says what it means by %s', (_, pattern, flow) => {
    expect(validate(teamInput, { nodes: nodes('a'), ...pattern }).flow).toMatchObject(flow);
  });

  it('says everything that is wrong at once', () => {
    const steps = [
      { node: 'a', mapping: '{{outputs.b}} {{x}}', input: 'ALL' },
      { node: 'c', onError: 'FALLBACK_AGENT' },
    ];
    expect(problemsOf({ nodes: nodes('a', 'b'), sequential: { steps } }).map(([path]) => path)).toEqual([
      'team.sequential.steps.1.node',
      'team.nodes.1',
      'team.sequential.steps.0.mapping',
      'team.sequential.steps.0.mapping',
      'team.sequential.steps.0.mapping',
      'team.sequential.steps.1.fallbackNode',
    ]);
  });

  it.each([
    ['no pattern', { nodes: nodes('a') }, 'team', 'exactly one'],
    ['two patterns', { nodes: nodes('a'), sequential: {}, supervisor: {} }, 'team', 'exactly one'],
    ['no node', { nodes: [], sequential: {} }, 'team.nodes', 'needs a node'],
    ['a key that is none', { nodes: nodes('A b'), sequential: {} }, 'team.nodes.0.key', 'small letter'],
    ['one key twice', { nodes: nodes('a', 'a'), sequential: {} }, 'team.nodes.1.key', 'two nodes a'],
    [
      'an id that is none',
      { nodes: [{ key: 'a', agentId: 'x' }], sequential: {} },
      'team.nodes.0.agentId',
      'id of an agent',
    ],
    ['an unknown node', { nodes: nodes('a'), loop: { body: 'b', maxIterations: 2 } }, 'team.loop.body', 'no node b'],
    [
      'a node that is not used',
      { nodes: nodes('a', 'b'), loop: { body: 'a', maxIterations: 2 } },
      'team.nodes.1',
      'node b',
    ],
    [
      'a node out of reach',
      {
        nodes: nodes('a', 'b', 'c', 'd'),
        handoff: {
          edges: [
            { from: 'a', to: 'b' },
            { from: 'c', to: 'd' },
          ],
        },
      },
      'team.nodes.2',
      'node c',
    ],
    [
      'an edge to itself',
      {
        nodes: nodes('a', 'b'),
        handoff: {
          edges: [
            { from: 'a', to: 'b' },
            { from: 'b', to: 'b' },
          ],
        },
      },
      'team.handoff.edges.1',
      'itself',
    ],
    [
      'a mapping that is missing',
      { nodes: nodes('a'), sequential: { steps: [{ node: 'a', input: 'MAPPING' }] } },
      'team.sequential.steps.0.mapping',
      'needs a mapping',
    ],
    [
      'a mapping of what comes later',
      {
        nodes: nodes('a', 'b'),
        sequential: { steps: [{ node: 'a', input: 'MAPPING', mapping: '{{outputs.b}}' }, { node: 'b' }] },
      },
      'team.sequential.steps.0.mapping',
      'no node b',
    ],
    [
      'an effort that ends at once',
      { nodes: nodes('a', 'b'), parallel: { join: 'BEST_EFFORT', onFailure: 'FAIL_FAST' } },
      'team.parallel.onFailure',
      'choose one',
    ],
    [
      'a place that is none',
      { nodes: nodes('a'), parallel: { branches: [{ node: 'a', mapping: '{{all}}' }] } },
      'team.parallel.branches.0.mapping',
      '{{all}}',
    ],
    [
      'a fallback to itself',
      { nodes: nodes('a'), sequential: { steps: [{ node: 'a', onError: 'FALLBACK_AGENT', fallbackNode: 'a' }] } },
      'team.sequential.steps.0.fallbackNode',
      'another node',
    ],
    [
      'a default that is missing',
      { nodes: nodes('a'), sequential: { steps: [{ node: 'a', onError: 'DEFAULT_VALUE' }] } },
      'team.sequential.steps.0.defaultValue',
      'default value',
    ],
    [
      'too many wanted',
      { nodes: nodes('a', 'b'), parallel: { join: 'N_OF_M', joinCount: 3 } },
      'team.parallel.joinCount',
      'from 1 to 2',
    ],
    [
      'a merge without its node',
      { nodes: nodes('a'), parallel: { merge: 'AGENT' } },
      'team.parallel.mergeNode',
      'merges',
    ],
    [
      'a condition that is none',
      { nodes: nodes('a'), router: { rules: [{ condition: 'input ==', node: 'a' }] } },
      'team.router.rules.0.condition',
      'line 1, column 9',
    ],
    [
      'an unknown fact',
      { nodes: nodes('a'), router: { rules: [{ condition: 'secret == ""', node: 'a' }] } },
      'team.router.rules.0.condition',
      'secret',
    ],
    [
      'a condition that is no yes or no',
      { nodes: nodes('a'), router: { rules: [{ condition: '1 + 1', node: 'a' }] } },
      'team.router.rules.0.condition',
      'not a yes or no',
    ],
    [
      'a node in two groups',
      {
        nodes: nodes('a', 'b'),
        router: { groups: [{ nodes: [{ node: 'a' }] }, { nodes: [{ node: 'a' }, { node: 'b' }] }] },
      },
      'team.router.groups.0.nodes.0.node',
      'more than one group',
    ],
    [
      'rules that are missing',
      { nodes: nodes('a'), groupChat: { speaker: 'RULE', maxRounds: 1 } },
      'team.groupChat.rules',
      'needs rules',
    ],
    [
      'a mapping that is not taken',
      { nodes: nodes('a'), sequential: { steps: [{ node: 'a', input: 'ALL', mapping: '{{input}}' }] } },
      'team.sequential.steps.0.mapping',
      'The step a has a mapping, and does not take it',
    ],
    [
      'a place without its end',
      { nodes: nodes('a'), sequential: { steps: [{ node: 'a', mapping: 'Say {{input}' }] } },
      'team.sequential.steps.0.mapping',
      'The step a: {{ without its other end',
    ],
    [
      'a part without a name',
      {
        nodes: nodes('a', 'b'),
        sequential: { steps: [{ node: 'a' }, { node: 'b', mapping: '{{outputs.a.}}' }] },
      },
      'team.sequential.steps.1.mapping',
      'The step b: {{outputs.a.}} is neither',
    ],
    [
      'a fallback that is not taken',
      {
        nodes: nodes('a', 'b'),
        sequential: { steps: [{ node: 'a', onError: 'SKIP', fallbackNode: 'b' }] },
      },
      'team.nodes.1',
      'Nothing leads to the node b',
    ],
    [
      'a default that is not taken',
      { nodes: nodes('a'), sequential: { steps: [{ node: 'a', onError: 'SKIP', defaultValue: 'x' }] } },
      'team.sequential.steps.0.defaultValue',
      'it is to SKIP',
    ],
    [
      'a merge that does not happen',
      { nodes: nodes('a', 'm'), parallel: { branches: [{ node: 'a' }], merge: 'VOTE', mergeNode: 'm' } },
      'team.parallel.mergeNode',
      'The node m has nothing to merge',
    ],
    [
      'a merge of its own',
      { nodes: nodes('a', 'm'), parallel: { branches: [{ node: 'a' }, { node: 'm' }], mergeNode: 'm' } },
      'team.parallel.mergeNode',
      'The node m cannot merge',
    ],
    [
      'a count that does not count',
      { nodes: nodes('a'), parallel: { join: 'ANY', joinCount: 1 } },
      'team.parallel.joinCount',
      'by ANY',
    ],
    [
      'one edge twice',
      {
        nodes: nodes('a', 'b'),
        handoff: {
          edges: [
            { from: 'a', to: 'b' },
            { from: 'a', to: 'b' },
          ],
        },
      },
      'team.handoff.edges.1',
      'two edges from a to b',
    ],
    [
      'nothing that chooses',
      { nodes: nodes('a'), router: { classify: false } },
      'team.router',
      'rules, a classifier or a default',
    ],
    [
      'a group that nothing leads to',
      {
        nodes: nodes('a', 'b'),
        router: { classify: false, defaultNode: 'a', groups: [{ nodes: [{ node: 'b' }] }] },
      },
      'team.nodes.1',
      'node b',
    ],
    [
      'a node without room',
      { nodes: nodes('a'), router: { groups: [{ nodes: [{ node: 'a', capacity: 0 }] }] } },
      'team.router.groups.0.nodes.0.capacity',
      '1',
    ],
    [
      'a group without weight',
      { nodes: nodes('a'), router: { selection: 'WEIGHTED', groups: [{ nodes: [{ node: 'a', weight: 0 }] }] } },
      'team.router.groups.0',
      'needs a weight',
    ],
    [
      'a judge of itself',
      { nodes: nodes('a'), loop: { judge: 'a', maxIterations: 2 } },
      'team.loop.judge',
      'The node a cannot judge itself',
    ],
    [
      'rules without effect',
      { nodes: nodes('a'), groupChat: { speaker: 'MENTION', maxRounds: 1, rules: [{ condition: 'true', node: 'a' }] } },
      'team.groupChat.rules',
      'by MENTION',
    ],
    [
      'a speaker that no rule calls',
      { nodes: nodes('a', 'b'), groupChat: { maxRounds: 1, rules: [{ condition: 'true', node: 'a' }] } },
      'team.nodes.1',
      'node b',
    ],
    [
      'a rule about another pattern’s facts',
      { nodes: nodes('a'), groupChat: { maxRounds: 1, rules: [{ condition: 'author == ""', node: 'a' }] } },
      'team.groupChat.rules.0.condition',
      'The rule for a: Unknown variable: author (line 1, column 1)',
    ],
    [
      'text that cannot be stored',
      { nodes: [{ key: 'a', agentId: ID, description: 'a\0' }], sequential: {} },
      'team.nodes.0.description',
      'cannot be stored',
    ],
    [
      'a version below 1',
      { nodes: [{ key: 'a', agentId: ID, version: 0 }], sequential: {} },
      'team.nodes.0.version',
      'The node a: ',
    ],
    ['too many rounds', { nodes: nodes('a'), groupChat: { maxRounds: 51 } }, 'team.groupChat.maxRounds', '50'],
    ['a loop without an end', { nodes: nodes('a'), loop: { body: 'a' } }, 'team.loop.maxIterations', ''],
  ])('is refused for %s', (_, input, path, message) => {
    const problems = problemsOf(input);
    expect(problems.map(([at]) => at)).toContain(path);
    expect(problems.find(([at]) => at === path)?.[1]).toContain(message);
  });
});
