import { z } from 'zod';

/** The most nodes of one team: more is better said as a team within a team. */
export const MAX_NODES = 20;

export const PATTERNS = ['SEQUENTIAL', 'SUPERVISOR', 'HANDOFF', 'PARALLEL', 'ROUTER', 'LOOP', 'GROUP_CHAT'] as const;

export type Pattern = (typeof PATTERNS)[number];

/** Names a node within its team: what settings, templates, errors and steps call it. */
export const nodeKey = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,39}$/,
    'A key must begin with a small letter and have up to 40 small letters, digits and _',
  );

/** A place in a team at which an agent works. One agent may have several; a team is an agent as well. */
export const teamNode = z.object({
  key: nodeKey,
  agentId: z.uuid('It must be the id of an agent'),
  /** The version that works; null for whichever is published when the work begins. */
  version: z.int().min(1).nullable(),
  /** What it is good for, told to a model that chooses; null for the agent's own description. */
  description: z.string().max(2_000).nullable(),
});

export type TeamNode = z.output<typeof teamNode>;

/** What a node is given: the output before it, all outputs so far, or a text with places for them. */
export const INPUT_SOURCES = ['LAST', 'ALL', 'MAPPING'] as const;
export const STEP_FAILURES = ['FAIL', 'DEFAULT_VALUE', 'FALLBACK_AGENT', 'SKIP'] as const;

/** `{{input}}` is what the team was given, `{{outputs.KEY}}` what a node put out, `{{outputs.KEY.a.b}}` a part of typed output. */
const template = z.string().max(20_000);

/** One after the other. */
export const sequentialTeam = z.object({
  pattern: z.literal('SEQUENTIAL'),
  steps: z
    .array(
      z.object({
        node: nodeKey,
        input: z.enum(INPUT_SOURCES),
        mapping: template.nullable(),
        onError: z.enum(STEP_FAILURES),
        /** With `DEFAULT_VALUE`: what counts as the output. */
        defaultValue: z.string().max(20_000).nullable(),
        /** With `FALLBACK_AGENT`: the node that works instead. */
        fallbackNode: nodeKey.nullable(),
      }),
    )
    .min(1)
    .max(MAX_NODES),
});

/** The team's own model answers, with the nodes as its tools. */
export const supervisorTeam = z.object({ pattern: z.literal('SUPERVISOR') });

export const HANDOFF_HISTORIES = ['FULL', 'SUMMARY', 'NONE'] as const;
/** Who the next message goes to: the agent that has the conversation, whoever handed it over, or the first agent. */
export const HANDOFF_RETURNS = ['STICKY', 'RETURN_TO_PARENT', 'RETURN_TO_ROOT_NEXT_TURN'] as const;

/** Agents that hand the conversation to one another, along edges. */
export const handoffTeam = z.object({
  pattern: z.literal('HANDOFF'),
  start: nodeKey,
  edges: z
    .array(z.object({ from: nodeKey, to: nodeKey, description: z.string().max(2_000).nullable() }))
    .max(MAX_NODES * MAX_NODES),
  history: z.enum(HANDOFF_HISTORIES),
  returns: z.enum(HANDOFF_RETURNS),
});

export const JOINS = ['ALL', 'ANY', 'N_OF_M', 'BEST_EFFORT'] as const;
export const MERGES = ['CONCAT', 'MERGE', 'VOTE', 'AGENT'] as const;
/** Go on and keep what succeeded, or stop all branches at the first failure. */
export const BRANCH_FAILURES = ['COLLECT', 'FAIL_FAST'] as const;

/** Several at once, each for itself. */
export const parallelTeam = z.object({
  pattern: z.literal('PARALLEL'),
  branches: z
    .array(z.object({ node: nodeKey, mapping: template.nullable() }))
    .min(1)
    .max(MAX_NODES),
  join: z.enum(JOINS),
  /** With `N_OF_M`: how many. */
  joinCount: z.int().min(1).max(MAX_NODES).nullable(),
  merge: z.enum(MERGES),
  /** With `AGENT`: the node that makes one answer of the results. */
  mergeNode: nodeKey.nullable(),
  onFailure: z.enum(BRANCH_FAILURES),
  /** How often a branch that failed is tried again; finished ones are kept. */
  branchRetries: z.int().min(0).max(5),
});

export const SELECTIONS = ['PRIORITY', 'WEIGHTED', 'ROUND_ROBIN', 'LEAST_LOADED'] as const;

/** One node is chosen to answer: by rules in order, else by the team's own model. */
export const routerTeam = z.object({
  pattern: z.literal('ROUTER'),
  rules: z
    .array(
      z.object({
        /** A CEL expression over `input` (text), `author` (name), `room` (title), `agents` (names), `hour` (UTC) and `weekday`. */
        condition: z.string().min(1).max(2_000),
        node: nodeKey,
      }),
    )
    .max(50),
  /** Whether the team's own model chooses where no rule does. */
  classify: z.boolean(),
  /** From 0 to 1: a choice that the model is less sure of goes to `defaultNode`. */
  threshold: z.number().min(0).max(1),
  /** Null: a person is asked. */
  defaultNode: nodeKey.nullable(),
  /** How one is chosen among the nodes of a group. */
  selection: z.enum(SELECTIONS),
  /** Nodes that stand for one another; a choice of one is a choice of its group. */
  groups: z
    .array(
      z.object({
        nodes: z
          .array(
            z.object({
              node: nodeKey,
              priority: z.int().min(0).max(1_000),
              weight: z.int().min(0).max(1_000),
              /** What its agent may have under way in the organization; with more it is passed over. Null: no bound. */
              capacity: z.int().min(1).max(10_000).nullable(),
            }),
          )
          .min(1)
          .max(MAX_NODES),
      }),
    )
    .max(MAX_NODES),
});

/** A node works until another, or the team's own model, is content. */
export const loopTeam = z.object({
  pattern: z.literal('LOOP'),
  body: nodeKey,
  /** Answers `{done, feedback, score}`; null for the team's own model. */
  judge: nodeKey.nullable(),
  /** What the judge looks for. */
  criteria: z.string().max(20_000),
  maxIterations: z.int().min(1).max(50),
});

export const SPEAKER_CHOICES = ['ROUND_ROBIN', 'RULE', 'MODEL', 'MENTION'] as const;

/** Agents speak in turn before everybody, each turn a message in the room; below another team, among themselves. */
export const groupChatTeam = z.object({
  pattern: z.literal('GROUP_CHAT'),
  speaker: z.enum(SPEAKER_CHOICES),
  /** With `RULE`, in order: CEL over `last` (text), `lastSpeaker` (key), `round` (from 1) and `input`. */
  rules: z.array(z.object({ condition: z.string().min(1).max(2_000), node: nodeKey })).max(50),
  maxRounds: z.int().min(1).max(50),
});

export const teamPattern = z.discriminatedUnion('pattern', [
  sequentialTeam,
  supervisorTeam,
  handoffTeam,
  parallelTeam,
  routerTeam,
  loopTeam,
  groupChatTeam,
]);

/** How several agents work together. The nodes hold the agents; the pattern names them by key. */
export const teamDefinition = z.object({
  nodes: z.array(teamNode).min(1).max(MAX_NODES),
  flow: teamPattern,
});

export type TeamDefinition = z.output<typeof teamDefinition>;
export type TeamPattern = z.output<typeof teamPattern>;
export type SequentialTeam = z.output<typeof sequentialTeam>;
export type SupervisorTeam = z.output<typeof supervisorTeam>;
export type HandoffTeam = z.output<typeof handoffTeam>;
export type ParallelTeam = z.output<typeof parallelTeam>;
export type RouterTeam = z.output<typeof routerTeam>;
export type LoopTeam = z.output<typeof loopTeam>;
export type GroupChatTeam = z.output<typeof groupChatTeam>;
