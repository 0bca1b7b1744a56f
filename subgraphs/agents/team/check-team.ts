import type { TeamDefinition } from '#core/agent/team-definition';
import { checkFlow } from './check-flow.ts';
import { usesOf } from './node-use.ts';
import { at, type TeamProblem } from './team-problem.ts';

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
