import { ParleyError } from '#core/error';
import type { JsonObject } from '#core/model/model.port';
import { type Tool, ToolError } from '#core/tool/tool.port';
import type { AgentMemory, MemoryChange } from './agent-memory.ts';
import { SCOPE_NAMES, type ScopeName } from './memory-block.ts';

const OPERATIONS = { append: 'APPEND', replace: 'REPLACE', create: 'WRITE', rewrite: 'WRITE' } as const;

/** Writes down what the agent is to keep in mind. A call that is made again writes nothing. */
export const memoryWrite = (memory: Pick<AgentMemory, 'write'>): Tool => ({
  name: 'memory_write',
  title: 'Write memory',
  description:
    'Writes down what you are to remember later, in this and other conversations. The scope says whose it is: own (yours, ' +
    'wherever you work), person (of the person you answer, for all agents), room (of this conversation), shared (of all ' +
    'agents; only blocks that people have made). append puts a text below what is there, and makes the block if there is ' +
    'none; replace puts text in the place of oldText, which has to be there once; create makes a block; rewrite puts text ' +
    'in the place of everything, and needs the revision that you have read. Others write too: do not write down secrets.',
  parameters: {
    type: 'object',
    properties: {
      operation: { type: 'string', enum: Object.keys(OPERATIONS) },
      scope: { type: 'string', enum: Object.keys(SCOPE_NAMES) },
      label: {
        type: 'string',
        pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$',
        description: 'What the block is called: a letter, then letters, digits, _, - and .',
      },
      text: { type: 'string', maxLength: 20_000 },
      oldText: { type: 'string', minLength: 1, maxLength: 20_000, description: 'With replace.' },
      expectedRevision: { type: 'integer', minimum: 1, description: 'With rewrite; with others only to be sure.' },
    },
    required: ['operation', 'scope', 'label', 'text'],
    additionalProperties: false,
  },
  effect: 'IDEMPOTENT',
  timeoutMs: 10_000,
  maxResultCharacters: 1_000,
  async run(args, { viewer, agent, conversationId, runId, idempotencyKey }) {
    const change = { ...readChange(args), agentId: agent.id, conversationId, runId, idempotencyKey };
    try {
      const { revision, characters, block } = await memory.write(viewer, change);
      return { revision, characters, characterLimit: block.characterLimit };
    } catch (error) {
      throw toToolError(error, change);
    }
  },
});

/** @throws ToolError where something is missing */
function readChange(args: JsonObject): Pick<MemoryChange, 'operation' | 'scope' | 'label' | 'text'> {
  const { operation, scope, label, text, oldText, expectedRevision } = args;
  if (operation === 'replace' && oldText === undefined) throw new ToolError('INVALID_ARGUMENTS', 'Give oldText.');
  if (operation === 'rewrite' && expectedRevision === undefined) {
    throw new ToolError('INVALID_ARGUMENTS', 'Give expectedRevision: the revision of the block as you have read it.');
  }
  return {
    operation: OPERATIONS[operation as keyof typeof OPERATIONS],
    scope: SCOPE_NAMES[scope as ScopeName],
    label: String(label),
    text: String(text),
    ...(oldText !== undefined && { oldText: String(oldText) }),
    ...(expectedRevision !== undefined && { expectedRevision: Number(expectedRevision) }),
  };
}

/** A refusal of the owner, for the model. What is nobody's refusal is left as it is. */
function toToolError(error: unknown, { scope, label }: Pick<MemoryChange, 'scope' | 'label'>): unknown {
  if (!(error instanceof ParleyError)) return error;
  const words = error.message.replace(/\binput\.\w+: /g, '');
  switch (error.code) {
    case 'NOT_FOUND':
      return new ToolError(
        'NO_SUCH_BLOCK',
        scope === 'ORG'
          ? `There is no shared block ${label}, and only people can make one.`
          : `There is no block ${label}: make it with create or append.`,
      );
    case 'FORBIDDEN':
      return new ToolError('READ_ONLY', words);
    case 'CONFLICT':
      return new ToolError('CHANGED', words);
    case 'BAD_USER_INPUT':
      return new ToolError('INVALID_ARGUMENTS', words);
    default:
      return error;
  }
}
