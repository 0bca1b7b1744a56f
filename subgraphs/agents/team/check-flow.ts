import { GROUP_CHAT_FACTS, ROUTER_FACTS } from '#core/agent/condition-facts';
import type {
  GroupChatTeam,
  HandoffTeam,
  LoopTeam,
  ParallelTeam,
  RouterTeam,
  SequentialTeam,
  TeamPattern,
} from '#core/agent/team-definition';
import { type ConditionFacts, conditionProblem } from '#core/condition/condition';
import { checkTemplate } from './check-template.ts';
import { at, type TeamPath, type TeamProblem } from './team-problem.ts';

/** What is wrong with the settings of a pattern: what they lack, and what has no effect. Pure. */
export function checkFlow(flow: TeamPattern): TeamProblem[] {
  switch (flow.pattern) {
    case 'SEQUENTIAL':
      return checkSequential(flow);
    case 'PARALLEL':
      return checkParallel(flow);
    case 'HANDOFF':
      return checkHandoff(flow);
    case 'ROUTER':
      return checkRouter(flow);
    case 'LOOP':
      return checkLoop(flow);
    case 'GROUP_CHAT':
      return checkGroupChat(flow);
    case 'SUPERVISOR':
      return [];
  }
}

/** `message` where it is true. */
const where = (isSo: boolean, path: TeamPath, message: string): TeamProblem[] => (isSo ? [at(path, message)] : []);

const checkSequential = ({ steps }: SequentialTeam): TeamProblem[] =>
  steps.flatMap(({ node, input, mapping, onError, defaultValue, fallbackNode }, index) => {
    const before = steps.slice(0, index).map((step) => step.node);
    const path = (field: string) => ['flow', 'steps', index, field];
    return [
      ...where(input === 'MAPPING' && !mapping, path('mapping'), `The step ${node} needs a mapping`),
      ...where(
        input !== 'MAPPING' && mapping !== null,
        path('mapping'),
        `The step ${node} has a mapping, and does not take it: its input is ${input}`,
      ),
      ...checkTemplate(mapping, before).map((problem) => at(path('mapping'), `The step ${node}: ${problem}`)),
      ...where(
        onError === 'FALLBACK_AGENT' && (fallbackNode === null || fallbackNode === node),
        path('fallbackNode'),
        `The step ${node} needs another node to fall back on`,
      ),
      ...where(
        onError !== 'FALLBACK_AGENT' && fallbackNode !== null,
        path('fallbackNode'),
        `The step ${node} has a node to fall back on, and does not: on an error it is to ${onError}`,
      ),
      ...where(
        onError === 'DEFAULT_VALUE' && defaultValue === null,
        path('defaultValue'),
        `The step ${node} needs a default value`,
      ),
      ...where(
        onError !== 'DEFAULT_VALUE' && defaultValue !== null,
        path('defaultValue'),
        `The step ${node} has a default value, and does not take it: on an error it is to ${onError}`,
      ),
    ];
  });

function checkParallel({ branches, join, joinCount, merge, mergeNode, onFailure }: ParallelTeam): TeamProblem[] {
  const isTooMany = joinCount !== null && joinCount > branches.length;
  return [
    ...branches.flatMap(({ node, mapping }, index) =>
      checkTemplate(mapping, []).map((problem) =>
        at(['flow', 'branches', index, 'mapping'], `The branch ${node}: ${problem}`),
      ),
    ),
    ...where(
      join === 'N_OF_M' && (joinCount === null || isTooMany),
      ['flow', 'joinCount'],
      `It must be from 1 to ${branches.length}, the number of branches`,
    ),
    ...where(
      join !== 'N_OF_M' && joinCount !== null,
      ['flow', 'joinCount'],
      `It has no effect: the branches are joined by ${join}`,
    ),
    ...where(
      join === 'BEST_EFFORT' && onFailure === 'FAIL_FAST',
      ['flow', 'onFailure'],
      'BEST_EFFORT goes on behind a failure, and FAIL_FAST stops at it: choose one of them',
    ),
    ...where(merge === 'AGENT' && mergeNode === null, ['flow', 'mergeNode'], 'AGENT needs a node that merges'),
    ...where(
      merge !== 'AGENT' && mergeNode !== null,
      ['flow', 'mergeNode'],
      `The node ${mergeNode} has nothing to merge: the results become one by ${merge}`,
    ),
    ...where(
      branches.some(({ node }) => node === mergeNode),
      ['flow', 'mergeNode'],
      `The node ${mergeNode} cannot merge what it made itself`,
    ),
  ];
}

const checkHandoff = ({ edges }: HandoffTeam): TeamProblem[] =>
  edges.flatMap(({ from, to }, index) => [
    ...where(from === to, ['flow', 'edges', index], `The node ${from} cannot hand over to itself`),
    ...where(
      edges.findIndex((other) => other.from === from && other.to === to) < index,
      ['flow', 'edges', index],
      `There are two edges from ${from} to ${to}`,
    ),
  ]);

function checkRouter({ rules, classify, defaultNode, selection, groups }: RouterTeam): TeamProblem[] {
  const grouped = groups.flatMap(({ nodes }) => nodes.map(({ node }) => node));
  return [
    ...where(
      rules.length === 0 && !classify && defaultNode === null,
      ['flow'],
      'Nothing chooses: it needs rules, a classifier or a default node',
    ),
    ...checkRules(rules, ROUTER_FACTS),
    ...groups.flatMap(({ nodes }, group) => [
      ...nodes.flatMap(({ node }, index) =>
        where(
          grouped.indexOf(node) !== grouped.lastIndexOf(node),
          ['flow', 'groups', group, 'nodes', index, 'node'],
          `The node ${node} is in more than one group`,
        ),
      ),
      ...where(
        selection === 'WEIGHTED' && nodes.every(({ weight }) => weight === 0),
        ['flow', 'groups', group],
        `One of ${nodes.map(({ node }) => node).join(', ')} needs a weight above 0`,
      ),
    ]),
  ];
}

const checkLoop = ({ body, judge }: LoopTeam): TeamProblem[] =>
  where(body === judge, ['flow', 'judge'], `The node ${body} cannot judge itself: give its agent another node`);

const checkGroupChat = ({ speaker, rules }: GroupChatTeam): TeamProblem[] => [
  ...checkRules(rules, GROUP_CHAT_FACTS),
  ...where(speaker === 'RULE' && rules.length === 0, ['flow', 'rules'], 'RULE needs rules'),
  ...where(
    speaker !== 'RULE' && rules.length > 0,
    ['flow', 'rules'],
    `They have no effect: the next speaker is picked by ${speaker}`,
  ),
];

const checkRules = (rules: readonly { condition: string; node: string }[], facts: ConditionFacts): TeamProblem[] =>
  rules.flatMap(({ condition, node }, index) => {
    const problem = conditionProblem(condition, facts);
    return problem ? [at(['flow', 'rules', index, 'condition'], `The rule for ${node}: ${problem}`)] : [];
  });
