import { z } from 'zod';
import { MAX_NODES, type TeamDefinition, teamDefinition } from '#core/agent/team-definition';
import { toStorable } from '#core/storable-text';
import { checkTeam } from './check-team.ts';
import { at, type TeamPath, type TeamProblem } from './team-problem.ts';

/** The patterns by the names that clients give them. */
const PATTERNS = {
  sequential: 'SEQUENTIAL',
  supervisor: 'SUPERVISOR',
  handoff: 'HANDOFF',
  parallel: 'PARALLEL',
  router: 'ROUTER',
  loop: 'LOOP',
  groupChat: 'GROUP_CHAT',
} as const;

type PatternName = keyof typeof PATTERNS;
type Fields = Record<string, unknown>;

/** Whatever was sent: what it has to be is said once it is whole. */
const loose = z.looseObject({});

/** What clients send of a team, made whole: with everything that was left out, and checked. */
export const teamInput = z
  .object({
    nodes: z
      .array(loose)
      .min(1, 'A team needs a node')
      .max(MAX_NODES, `A team has at most ${MAX_NODES} nodes: make some of them a team of their own`),
    ...(Object.fromEntries(Object.keys(PATTERNS).map((name) => [name, loose.nullish()])) as {
      [Name in PatternName]: z.ZodOptional<z.ZodNullable<typeof loose>>;
    }),
  })
  .transform((input, context): TeamDefinition => {
    const { nodes, ...patterns } = input;
    const given = (Object.keys(PATTERNS) as PatternName[]).filter((name) => patterns[name]);
    const [name] = given;
    if (!name || given.length > 1) {
      context.addIssue({ code: 'custom', message: `Give exactly one of ${Object.keys(PATTERNS).join(', ')}` });
      return z.NEVER;
    }
    const keys = nodes.map(({ key }) => key);
    const whole = {
      nodes: nodes.map((node) => ({ version: null, description: null, ...withoutUndefined(node) })),
      flow: { pattern: PATTERNS[name], ...COMPLETE[name](withoutUndefined(patterns[name] ?? {}), keys) },
    };
    const parsed = teamDefinition.safeParse(whole);
    const problems = parsed.success
      ? [...unstorable(parsed.data), ...checkTeam(parsed.data)]
      : parsed.error.issues.map(({ path, message }) => ({ path, message: naming(keys, path, message) }));
    for (const { path, message } of problems) {
      context.addIssue({ code: 'custom', path: toInputPath(path, name), message });
    }
    return parsed.data ?? z.NEVER;
  });

/** Clients know the flow by the name of its pattern. */
const toInputPath = (path: readonly PropertyKey[], name: PatternName): PropertyKey[] =>
  path[0] === 'flow' ? [name, ...path.slice(1)] : [...path];

/** A message about a node says which one it is. */
function naming(keys: readonly unknown[], [root, index, field]: readonly PropertyKey[], message: string): string {
  const key = root === 'nodes' && field !== 'key' ? keys[Number(index)] : null;
  return typeof key === 'string' ? `The node ${key}: ${message}` : message;
}

/** Texts that the database does not take. */
function unstorable(value: unknown, path: TeamPath = []): TeamProblem[] {
  if (typeof value === 'string') return toStorable(value) === value ? [] : [at(path, UNSTORABLE)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => unstorable(part, [...path, key]));
}

const UNSTORABLE = 'It holds characters that cannot be stored';

const withoutUndefined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Null says nothing here: what a client left out has its default. */
const withDefaults = (defaults: Fields, fields: Fields): Fields => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)),
});

const each = (list: unknown, defaultsOf: (fields: Fields) => Fields): Fields[] =>
  Array.isArray(list) ? list.map((fields: Fields) => withDefaults(defaultsOf(fields), fields)) : [];

/** What is given says what is meant: nobody has to say it again. */
const implied = <Choice>(given: unknown, choice: Choice, otherwise: Choice): Choice =>
  given == null || (Array.isArray(given) && given.length === 0) ? otherwise : choice;

const stepDefaults = ({ mapping, defaultValue, fallbackNode }: Fields): Fields => ({
  input: implied(mapping, 'MAPPING', 'LAST'),
  mapping: null,
  onError: implied(fallbackNode, 'FALLBACK_AGENT', implied(defaultValue, 'DEFAULT_VALUE', 'FAIL')),
  defaultValue: null,
  fallbackNode: null,
});

const COMPLETE: { [Name in PatternName]: (fields: Fields, keys: unknown[]) => Fields } = {
  sequential: ({ steps }, keys) => ({ steps: each(steps ?? keys.map((node) => ({ node })), stepDefaults) }),
  supervisor: () => ({}),
  handoff: (fields, keys) => ({
    ...withDefaults({ start: keys[0], history: 'FULL', returns: 'STICKY' }, fields),
    edges: each(fields.edges, () => ({ description: null })),
  }),
  parallel: (fields, keys) => ({
    ...withDefaults(
      {
        join: implied(fields.joinCount, 'N_OF_M', 'ALL'),
        joinCount: null,
        merge: implied(fields.mergeNode, 'AGENT', 'CONCAT'),
        mergeNode: null,
        onFailure: 'COLLECT',
        branchRetries: 0,
      },
      fields,
    ),
    branches: each(fields.branches ?? keys.filter((key) => key !== fields.mergeNode).map((node) => ({ node })), () => ({
      mapping: null,
    })),
  }),
  router: (fields) => ({
    ...withDefaults({ classify: true, threshold: 0.5, defaultNode: null, selection: 'PRIORITY' }, fields),
    rules: each(fields.rules, () => ({})),
    groups: each(fields.groups, () => ({})).map((group) => ({
      nodes: each(group.nodes, () => ({ priority: 0, weight: 1, capacity: null })),
    })),
  }),
  loop: (fields, keys) => withDefaults({ body: keys[0], judge: null, criteria: '' }, fields),
  groupChat: (fields) => ({
    ...withDefaults({ speaker: implied(fields.rules, 'RULE', 'ROUND_ROBIN') }, fields),
    rules: each(fields.rules, () => ({})),
  }),
};
