import type { MemoryBlockType, MemoryRevisionType } from './memory.type.ts';
import type { MemoryRevisionRow, MemoryRow } from './memory-row.ts';
import type { WrittenMemory } from './memory-run.service.ts';
import type { WriteMemoryForRunPayload } from './memory-run.type.ts';

export const presentBlock = (row: MemoryRow): MemoryBlockType => ({
  ...presentForRun(row),
  user: row.scope === 'USER' ? { id: row.subjectId } : null,
  conversation: row.scope === 'CONVERSATION' ? { id: row.subjectId } : null,
  createdAt: row.createdAt,
  row,
});

export const presentRevision = (row: MemoryRevisionRow): MemoryRevisionType => ({
  id: row.id,
  number: row.number,
  operation: row.operation,
  value: row.value,
  onBehalfOf: row.onBehalfOfId ? { id: row.onBehalfOfId } : null,
  conversation: row.conversationId ? { id: row.conversationId } : null,
  runId: row.runId,
  createdAt: row.createdAt,
  row,
});

export const presentForRun = (row: MemoryRow) => ({
  id: row.id,
  scope: row.scope,
  label: row.label,
  description: row.description,
  value: row.value,
  characterLimit: row.characterLimit,
  readOnly: row.readOnly,
  revision: row.revision,
  updatedAt: row.updatedAt,
});

export const presentWrite = ({ block, revision }: WrittenMemory): WriteMemoryForRunPayload => ({
  revision: revision.number,
  characters: revision.value.length,
  block: { ...presentForRun(block), characters: block.value.length },
});
