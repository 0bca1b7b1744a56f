import type { RouterTeam, TeamPattern } from '#core/agent/team-definition';
import type { TeamPath } from './team-problem.ts';

/** A node that the flow names, and where it does. */
export interface NodeUse {
  key: string;
  path: TeamPath;
}

/**
 * The nodes that the flow can come to, and those that it names and that there are not. A node that it names where it
 * never comes to is not among them.
 */
export function usesOf(flow: TeamPattern, keys: readonly string[]): NodeUse[] {
  const all = () => keys.map((key) => ({ key, path: ['nodes'] }));
  switch (flow.pattern) {
    case 'SEQUENTIAL':
      return flow.steps.flatMap(({ node, onError, fallbackNode }, index) => [
        ...use(node, 'steps', index, 'node'),
        ...use(onError === 'FALLBACK_AGENT' ? fallbackNode : null, 'steps', index, 'fallbackNode'),
      ]);
    case 'PARALLEL':
      return [
        ...flow.branches.flatMap(({ node }, index) => use(node, 'branches', index, 'node')),
        ...use(flow.merge === 'AGENT' ? flow.mergeNode : null, 'mergeNode'),
      ];
    case 'LOOP':
      return [...use(flow.body, 'body'), ...use(flow.judge, 'judge')];
    case 'HANDOFF': {
      const reached = reachable(flow.start, flow.edges);
      const counts = (key: string) => reached.has(key) || !keys.includes(key);
      return [
        ...use(flow.start, 'start'),
        ...flow.edges.flatMap(({ from, to }, index) => [
          ...(counts(from) ? use(from, 'edges', index, 'from') : []),
          ...(counts(to) ? use(to, 'edges', index, 'to') : []),
        ]),
      ];
    }
    case 'ROUTER':
      return usesOfRouter(flow, keys);
    case 'SUPERVISOR':
      return all();
    case 'GROUP_CHAT':
      return [
        ...flow.rules.flatMap(({ node }, index) => use(node, 'rules', index, 'node')),
        ...(flow.speaker === 'RULE' ? [] : all()),
      ];
  }
}

/** What is chosen, and what stands for it. */
function usesOfRouter(flow: RouterTeam, keys: readonly string[]): NodeUse[] {
  const chosen = [
    ...flow.rules.flatMap(({ node }, index) => use(node, 'rules', index, 'node')),
    ...use(flow.defaultNode, 'defaultNode'),
    // Its model, or the person who is asked, may choose any.
    ...(flow.classify || flow.defaultNode === null ? keys.map((key) => ({ key, path: ['nodes'] })) : []),
  ];
  const isChosen = new Set(chosen.map(({ key }) => key));
  const grouped = flow.groups.flatMap(({ nodes }, group) => {
    const comesTo = nodes.some(({ node }) => isChosen.has(node));
    return nodes.flatMap(({ node }, index) =>
      comesTo || !keys.includes(node) ? use(node, 'groups', group, 'nodes', index, 'node') : [],
    );
  });
  return [...chosen, ...grouped];
}

const use = (key: string | null, ...path: TeamPath): NodeUse[] =>
  key === null ? [] : [{ key, path: ['flow', ...path] }];

function reachable(start: string, edges: readonly { from: string; to: string }[]): Set<string> {
  const reached = new Set([start]);
  for (const key of reached) {
    for (const { from, to } of edges) if (from === key) reached.add(to);
  }
  return reached;
}
