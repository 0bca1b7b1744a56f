import { z } from 'zod';
import { APPROVAL_FACTS } from '#core/agent/condition-facts';
import { type OwnLimits, ownLimits } from '#core/agent/run-limits';
import {
  APPROVAL_RULES,
  type ApprovalRule,
  approvalRule,
  DEFAULT_APPROVAL,
  EXPIRY_DECISIONS,
  type ToolGrant,
  toolGrant,
} from '#core/agent/tool-grant';
import { conditionProblem } from '#core/condition/condition';
import { displayName } from '#core/display-name';
import type { JsonSchema } from '#core/model/model.port';
import { toStorableJson } from '#core/storable-text';
import { schemaFault } from '#core/tool/json-schema';
import { teamInput } from './team/team-input.schema.ts';

/** What one agent may hold. Long enough for any prompt that people write. */
export const AGENT_LIMITS = {
  name: 100,
  description: 2_000,
  instructions: 100_000,
  greeting: 4_000,
  model: 200,
  note: 1_000,
  /** Above what any model writes in one answer. */
  outputTokens: 1_000_000,
  tools: 64,
  metadataEntries: 16,
  metadataValue: 500,
} as const;

export const THINKING_EFFORTS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] as const;

export type ThinkingEffort = (typeof THINKING_EFFORTS)[number];

const UNSTORABLE = 'It holds characters that cannot be stored';

/** Text that PostgreSQL can keep: neither a NUL nor half of a surrogate pair. */
export const storable = (text: string): boolean => !text.includes('\0') && !/\p{Cs}/u.test(text);

const text = (max: number) =>
  z
    .string()
    .max(max, `It must have at most ${max.toLocaleString('en')} characters`)
    .refine(storable, UNSTORABLE);

const metadataKey = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);

const METADATA_KEY = 'A key must begin with a letter and have up to 64 letters, digits, - and _';

const thinking = z
  .object({
    budgetTokens: z
      .int('It must be a whole number of tokens')
      .min(-1, 'It must be -1 (the model chooses), 0 (off) or more')
      .max(AGENT_LIMITS.outputTokens, `It must be at most ${AGENT_LIMITS.outputTokens.toLocaleString('en')}`)
      .nullish()
      .transform((value) => value ?? null),
    effort: z
      .enum(THINKING_EFFORTS)
      .nullish()
      .transform((value) => value ?? null),
  })
  .refine((value) => (value.budgetTokens === null) !== (value.effort === null), 'Give either budgetTokens or effort');

const toolSettings = z
  .object({
    name: toolGrant.shape.name,
    approval: z
      .object({
        rule: z.enum(APPROVAL_RULES),
        condition: text(2_000).nullish(),
        role: text(100).nullish(),
        expiresInSeconds: approvalRule.shape.expiresInSeconds.nullish(),
        onExpiry: z.enum(EXPIRY_DECISIONS).nullish(),
      })
      .transform(
        ({ rule, condition, role, expiresInSeconds, onExpiry }): ApprovalRule => ({
          rule,
          condition: condition || null,
          role: role || null,
          expiresInSeconds: expiresInSeconds ?? DEFAULT_APPROVAL.expiresInSeconds,
          onExpiry: onExpiry ?? DEFAULT_APPROVAL.onExpiry,
        }),
      )
      .superRefine(({ rule, condition }, context) => {
        const idle = condition === null ? null : `It has no effect: the rule is ${rule}`;
        const problem = rule === 'WHEN' ? conditionProblem(condition ?? '', APPROVAL_FACTS) : idle;
        if (problem) context.addIssue({ code: 'custom', path: ['condition'], message: problem });
      })
      .nullish(),
  })
  .transform(({ name, approval }): ToolGrant => ({ name, approval: approval ?? null }));

/** A JSON Schema as it is kept: it can be stored, and used. */
function outputSchemaProblem(schema: JsonSchema): string | null {
  // Escapes hide in JSON what cannot be stored.
  const isStorable = JSON.stringify(toStorableJson(schema)) === JSON.stringify(schema);
  return isStorable ? schemaFault(schema) : UNSTORABLE;
}

/** A client takes a limit back by null; then it is inherited. */
const nullToUndefined = (key: string) =>
  (ownLimits.shape as unknown as Record<string, z.ZodType>)[key]
    ?.nullish()
    .transform((value) => value ?? undefined) as z.ZodType;

const emptied = (schema: z.ZodType<string>) => schema.nullable().transform((value) => value ?? '');

/** The parts that a client edits, each with the rule for it. What is absent is kept, null takes the setting away. */
export const agentFields = z.object({
  name: displayName({ max: AGENT_LIMITS.name, empty: 'Give the agent a name' }),
  description: emptied(text(AGENT_LIMITS.description).trim()),
  instructions: emptied(text(AGENT_LIMITS.instructions)),
  model: text(AGENT_LIMITS.model).trim().min(1, 'Name a model, or leave it out for the default').nullable(),
  temperature: z.number().min(0, 'It must be between 0 and 2').max(2, 'It must be between 0 and 2').nullable(),
  maxOutputTokens: z
    .int('It must be a whole number of tokens')
    .min(1, 'It must be at least 1')
    .max(AGENT_LIMITS.outputTokens, `It must be at most ${AGENT_LIMITS.outputTokens.toLocaleString('en')}`)
    .nullable(),
  thinking: thinking.nullable(),
  greeting: text(AGENT_LIMITS.greeting)
    .nullable()
    .transform((value) => value || null),
  tools: z
    .array(toolSettings)
    .max(AGENT_LIMITS.tools, `It must have at most ${AGENT_LIMITS.tools} tools`)
    .refine((tools) => new Set(tools.map(({ name }) => name)).size === tools.length, 'It names a tool twice')
    .nullable()
    .transform((tools) => tools ?? []),
  outputSchema: z
    .record(z.string(), z.json())
    .superRefine((schema, context) => {
      const problem = outputSchemaProblem(schema);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .nullable(),
  limits: ownLimits
    .extend(Object.fromEntries(Object.keys(ownLimits.shape).map((key) => [key, nullToUndefined(key)])))
    .nullable()
    .transform(
      (limits): OwnLimits =>
        Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined)),
    ),
  team: teamInput.nullable(),
  metadata: z
    .record(metadataKey, text(AGENT_LIMITS.metadataValue).min(1, 'It must not be empty'), {
      error: ({ code }) => (code === 'invalid_key' ? METADATA_KEY : 'It must be an object whose values are strings'),
    })
    .refine((entries) => Object.keys(entries).length <= AGENT_LIMITS.metadataEntries, {
      message: `It must have at most ${AGENT_LIMITS.metadataEntries} entries`,
    })
    .nullable()
    .transform((entries) => entries ?? {}),
});

/** The note of a version: why it was published. */
export const versionNote = emptied(text(AGENT_LIMITS.note).trim());

export type AgentFields = z.output<typeof agentFields>;

/** Any part of them; what is undefined is kept as it is. */
export type AgentEdits = { [Field in keyof AgentFields]?: AgentFields[Field] | undefined };

/**
 * What makes an agent answer as it does, as it is stored in drafts and versions. `kind` tells definitions of one model from
 * those of other makes; `schema` counts the changes of this shape, so that an old version can still be read.
 */
export interface AgentDefinition extends Omit<AgentFields, 'name' | 'description'> {
  /** A team has one; its model and instructions are those of whoever leads it. */
  kind: AgentKind;
  schema: 2;
}

export const AGENT_KINDS = ['MODEL', 'TEAM'] as const;

export type AgentKind = (typeof AGENT_KINDS)[number];

/** What is edited and published together. */
export interface AgentContent {
  name: string;
  description: string;
  definition: AgentDefinition;
}

/**
 * Takes a definition out of the database, where only checked ones are written.
 * @throws Error where a later Parley wrote it.
 */
export function readDefinition(stored: unknown): AgentDefinition {
  const { kind, schema } = stored as { kind: string; schema: number };
  if (schema === 1 && kind === 'MODEL') return { ...EMPTY.definition, ...(stored as object), schema: 2 };
  if (schema === 2 && (kind === 'MODEL' || kind === 'TEAM')) return stored as AgentDefinition;
  throw new Error(`A definition of kind ${kind}, schema ${schema} is not known.`);
}

const EMPTY: AgentContent = {
  name: '',
  description: '',
  definition: {
    kind: 'MODEL',
    schema: 2,
    instructions: '',
    model: null,
    temperature: null,
    maxOutputTokens: null,
    thinking: null,
    greeting: null,
    tools: [],
    outputSchema: null,
    limits: {},
    team: null,
    metadata: {},
  },
};

/** `content` with the given parts replaced; without `content`, a new one. */
export function withFields(fields: AgentEdits, content: AgentContent = EMPTY): AgentContent {
  const { name, description, ...settings } = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<AgentFields>;
  const team = settings.team === undefined ? content.definition.team : settings.team;
  return {
    name: name ?? content.name,
    description: description ?? content.description,
    definition: { ...content.definition, ...settings, kind: team ? 'TEAM' : 'MODEL' },
  };
}
