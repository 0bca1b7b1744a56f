import { GROUP_CHAT_FACTS, ROUTER_FACTS } from '#core/agent/condition-facts';
import type { TeamDefinition, TeamPattern } from '#core/agent/team-definition';
import { type ConditionFacts, conditionProblem } from '#core/condition/condition';

/** What is wrong with a team by itself: at `path` from its root. */
export interface TeamProblem {
  path: (string | number)[];
  message: string;
}

/** A node that the flow names, and where it does. */
interface Use {
  key: string;
  path: (string | number)[];
}

/** Everything that keeps a team from working, whoever its agents are. Pure. */
export function checkTeam({ nodes, flow }: TeamDefinition): TeamProblem[] {
  const keys = nodes.map(({ key }) => key);
  const known = new Set(keys);
  const uses = usesOf(flow, keys);
  const used = new Set(uses.map(({ key }) => key));
  return [
    ...keys.flatMap((key, index) =>
      keys.indexOf(key) < index ? [at(['nodes', index, 'key'], `There are two nodes ${key}`)] : [],
    ),
    ...uses.filter(({ key }) => !known.has(key)).map(({ key, path }) => at(path, `There is no node ${key}`)),
    ...keys.flatMap((key, index) =>
      used.has(key) ? [] : [at(['nodes', index], `Nothing leads to the node ${key}: use it or take it out`)],
    ),
    ...checkFlow(flow),
  ];
}

const at = (path: (string | number)[], message: string): TeamProblem => ({ path, message });

/** The nodes that the flow can come to. Those that it names and cannot reach are not among them. */
function usesOf(flow: TeamPattern, keys: readonly string[]): Use[] {
  const use = (key: string | null, ...path: (string | number)[]): Use[] =>
    key === null ? [] : [{ key, path: ['flow', ...path] }];
  switch (flow.pattern) {
    case 'SEQUENTIAL':
      return flow.steps.flatMap(({ node, fallbackNode }, index) => [
        ...use(node, 'steps', index, 'node'),
        ...use(fallbackNode, 'steps', index, 'fallbackNode'),
      ]);
    case 'PARALLEL':
      return [
        ...flow.branches.flatMap(({ node }, index) => use(node, 'branches', index, 'node')),
        ...use(flow.mergeNode, 'mergeNode'),
      ];
    case 'LOOP':
      return [...use(flow.body, 'body'), ...use(flow.judge, 'judge')];
    case 'HANDOFF': {
      const reached = reachable(flow.start, flow.edges);
      return [
        ...use(flow.start, 'start'),
        ...flow.edges.flatMap(({ from, to }, index) => [
          ...(keys.includes(from) ? [] : use(from, 'edges', index, 'from')),
          ...(reached.has(to) || !keys.includes(to) ? use(to, 'edges', index, 'to') : []),
        ]),
      ];
    }
    case 'ROUTER':
      return [
        ...flow.rules.flatMap(({ node }, index) => use(node, 'rules', index, 'node')),
        ...use(flow.defaultNode, 'defaultNode'),
        ...flow.groups.flatMap(({ nodes }, group) =>
          nodes.flatMap(({ node }, index) => use(node, 'groups', group, 'nodes', index, 'node')),
        ),
        // Its model, or the person who is asked, may choose any.
        ...(flow.classify || flow.defaultNode === null ? keys.flatMap((key) => use(key)) : []),
      ];
    case 'SUPERVISOR':
      return keys.flatMap((key) => use(key));
    case 'GROUP_CHAT':
      return [
        ...flow.rules.flatMap(({ node }, index) => use(node, 'rules', index, 'node')),
        ...(flow.speaker === 'RULE' ? [] : keys.flatMap((key) => use(key))),
      ];
  }
}

function reachable(start: string, edges: readonly { from: string; to: string }[]): Set<string> {
  const reached = new Set([start]);
  for (const key of reached) {
    for (const { from, to } of edges) if (from === key) reached.add(to);
  }
  return reached;
}

function checkFlow(flow: TeamPattern): TeamProblem[] {
  switch (flow.pattern) {
    case 'SEQUENTIAL':
      return flow.steps.flatMap((step, index) => {
        const before = flow.steps.slice(0, index).map(({ node }) => node);
        const path = (field: string) => ['flow', 'steps', index, field];
        return [
          ...(step.input === 'MAPPING' && step.mapping === null
            ? [at(path('mapping'), `The step ${step.node} needs a mapping`)]
            : []),
          ...checkTemplate(step.mapping, before, path('mapping')),
          ...(step.onError === 'FALLBACK_AGENT' && (!step.fallbackNode || step.fallbackNode === step.node)
            ? [at(path('fallbackNode'), `The step ${step.node} needs another node to fall back on`)]
            : []),
          ...(step.onError === 'DEFAULT_VALUE' && step.defaultValue === null
            ? [at(path('defaultValue'), `The step ${step.node} needs a default value`)]
            : []),
        ];
      });
    case 'PARALLEL': {
      const { branches, join, joinCount, merge, mergeNode } = flow;
      return [
        ...branches.flatMap(({ mapping }, index) => checkTemplate(mapping, [], ['flow', 'branches', index, 'mapping'])),
        ...(join === 'N_OF_M' && (joinCount === null || joinCount > branches.length)
          ? [at(['flow', 'joinCount'], `It must be from 1 to ${branches.length}, the number of branches`)]
          : []),
        ...(merge === 'AGENT' && mergeNode === null
          ? [at(['flow', 'mergeNode'], 'AGENT needs a node that merges')]
          : []),
      ];
    }
    case 'HANDOFF':
      return flow.edges.flatMap(({ from, to }, index) =>
        from === to ? [at(['flow', 'edges', index], `${from} cannot hand over to itself`)] : [],
      );
    case 'ROUTER': {
      const grouped = flow.groups.flatMap(({ nodes }) => nodes.map(({ node }) => node));
      return [
        ...checkConditions(flow.rules, ROUTER_FACTS),
        ...flow.groups.flatMap(({ nodes }, group) =>
          nodes.flatMap(({ node }, index) =>
            grouped.indexOf(node) !== grouped.lastIndexOf(node)
              ? [at(['flow', 'groups', group, 'nodes', index, 'node'], `${node} is in more than one group`)]
              : [],
          ),
        ),
      ];
    }
    case 'GROUP_CHAT':
      return [
        ...checkConditions(flow.rules, GROUP_CHAT_FACTS),
        ...(flow.speaker === 'RULE' && flow.rules.length === 0 ? [at(['flow', 'rules'], 'RULE needs rules')] : []),
      ];
    default:
      return [];
  }
}

const checkConditions = (rules: readonly { condition: string }[], facts: ConditionFacts): TeamProblem[] =>
  rules.flatMap(({ condition }, index) => {
    const problem = conditionProblem(condition, facts);
    return problem ? [at(['flow', 'rules', index, 'condition'], problem)] : [];
  });

const PLACES = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** The places of a template name what there is by then. */
function checkTemplate(template: string | null, before: readonly string[], path: (string | number)[]): TeamProblem[] {
  return [...(template ?? '').matchAll(PLACES)].flatMap(([whole, place = '']) => {
    if (place === 'input') return [];
    const [root, key = ''] = place.split('.');
    if (root !== 'outputs') return [at(path, `${whole} is neither {{input}} nor {{outputs.KEY}}`)];
    return before.includes(key) ? [] : [at(path, `${whole}: no node ${key} has worked before this one`)];
  });
}
