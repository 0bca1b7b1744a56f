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
    ['a loop without an end', { nodes: nodes('a'), loop: { body: 'a' } }, 'team.loop.maxIterations', ''],
  ])('is refused for %s', (_, input, path, message) => {
    const problems = problemsOf(input);
    expect(problems.map(([at]) => at)).toContain(path);
    expect(problems.find(([at]) => at === path)?.[1]).toContain(message);
  });
});
