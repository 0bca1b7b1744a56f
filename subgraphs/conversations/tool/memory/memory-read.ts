import type { JsonValue } from '#core/model/model.port';
import type { Tool } from '#core/tool/tool.port';
import type { AgentMemory } from './agent-memory.ts';
import { type MemoryBlock, nameOfScope } from './memory-block.ts';

/** Reads what the agent has in mind in the room of the call. */
export const memoryRead = (memory: Pick<AgentMemory, 'read'>): Tool => ({
  name: 'memory_read',
  title: 'Read memory',
  description:
    'Reads blocks of your memory as they are now: those that are shared by all agents, your own, those of the person you ' +
    'answer, and those of this room. Without labels it lists them, without their texts.',
  parameters: {
    type: 'object',
    properties: {
      labels: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 64 },
        minItems: 1,
        maxItems: 10,
        description: 'The blocks to read.',
      },
    },
    additionalProperties: false,
  },
  effect: 'NONE',
  timeoutMs: 10_000,
  maxResultCharacters: 40_000,
  async run({ labels }, { viewer, agent, conversationId }) {
    const place = { agentId: agent.id, conversationId };
    const wanted = Array.isArray(labels) ? labels.map(String) : undefined;
    const blocks = await memory.read(viewer, place, wanted ? { labels: wanted } : { maxCharacters: 0 });
    const missing = wanted?.filter((label) => !blocks.some((block) => block.label === label)) ?? [];
    return {
      blocks: blocks.map((block) => present(block, wanted !== undefined)),
      ...(missing.length > 0 && { note: `There is no block called ${missing.join(', ')}.` }),
    };
  },
});

const present = (block: MemoryBlock, withText: boolean): JsonValue => ({
  scope: nameOfScope(block.scope),
  label: block.label,
  ...(block.description !== '' && { description: block.description }),
  revision: block.revision,
  characters: block.characters,
  characterLimit: block.characterLimit,
  ...(block.readOnly && { readOnly: true }),
  ...(withText && { text: block.value }),
});
