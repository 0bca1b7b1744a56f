import { z } from 'zod';
import { storable } from '../agent-definition.ts';

/** What one block may hold, and how many of them. */
export const MEMORY_LIMITS = {
  label: 64,
  description: 500,
  /** The most that a block's own limit can be. */
  value: 20_000,
  /** A block's own limit where none is given. */
  defaultValue: 5_000,
  /** For the organization, each agent, each person and each room. */
  blocksPerSubject: 50,
} as const;

const atMost = (max: number) => `It must have at most ${max.toLocaleString('en')} characters`;

const UNSTORABLE = 'It holds characters that cannot be stored';

export const memoryText = z.string().max(MEMORY_LIMITS.value, atMost(MEMORY_LIMITS.value)).refine(storable, UNSTORABLE);

export const memoryLabel = z
  .string()
  .regex(/^[A-Za-z][\w.-]{0,63}$/, 'It must begin with a letter and have up to 64 letters, digits, _, - and .');

const characterLimit = z
  .int()
  .min(100, 'It must be at least 100')
  .max(MEMORY_LIMITS.value, `It must be at most ${MEMORY_LIMITS.value.toLocaleString('en')}`);

/** What people set of a block. What is absent, or null, is kept. */
export const memorySettings = z.object({
  label: memoryLabel.nullish(),
  description: z
    .string()
    .max(MEMORY_LIMITS.description, atMost(MEMORY_LIMITS.description))
    .refine(storable, UNSTORABLE)
    .trim()
    .nullish(),
  value: memoryText.nullish(),
  characterLimit: characterLimit.nullish(),
  readOnly: z.boolean().nullish(),
});

export const MEMORY_SCOPES = ['ORG', 'AGENT', 'USER', 'CONVERSATION'] as const;

export const newMemory = memorySettings.extend({
  scope: z.enum(MEMORY_SCOPES),
  label: memoryLabel,
  agentId: z.string().nullish(),
  conversationId: z.string().nullish(),
});

export const memoryEdit = memorySettings.extend({ blockId: z.string(), expectedRevision: z.int() });

export const memoryAddition = z.object({
  blockId: z.string(),
  text: memoryText.refine((text) => text !== '', 'Say what to add'),
});

const id = z.uuid('It must be an id');

/** What an agent writes, on whose behalf and within what. */
export const memoryWrite = z.object({
  agentId: id,
  userId: id.nullish(),
  conversationId: id,
  runId: id.nullish(),
  idempotencyKey: z.string().min(1).max(200),
  scope: z.enum(MEMORY_SCOPES),
  label: memoryLabel,
  operation: z.enum(['APPEND', 'REPLACE', 'WRITE']),
  text: memoryText,
  oldText: memoryText.nullish(),
  expectedRevision: z.int().nullish(),
});

export type MemoryWrite = z.output<typeof memoryWrite>;

export const memoryFilter = z.object({
  scope: z.enum(MEMORY_SCOPES).nullish(),
  agentId: z.string().nullish(),
  conversationId: z.string().nullish(),
  search: z
    .string()
    .max(200, 'It must have at most 200 characters')
    .refine(storable, 'It holds characters that no block has')
    .trim()
    .nullish(),
});
