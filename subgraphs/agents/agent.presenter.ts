import type { AgentDraftType, AgentType, AgentVersionType } from './agent.type.ts';
import type { AgentStatus } from './agent-filter.ts';
import type { RunnableAgent } from './agent-reader.ts';
import { type AgentRow, type AgentVersionRow, contentOf, draftOf } from './agent-row.ts';
import type { AgentForRunType } from './agent-run.type.ts';

const statusOf = (row: AgentRow): AgentStatus =>
  row.archivedAt ? 'ARCHIVED' : row.publishedVersionId ? 'PUBLISHED' : 'DRAFT';

export const presentAgent = (row: AgentRow): AgentType => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: statusOf(row),
  kind: row.kind,
  get draft() {
    return presentDraft(row);
  },
  createdBy: { id: row.createdById },
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  archivedAt: row.archivedAt,
  row,
});

const presentDraft = (row: AgentRow): AgentDraftType => ({ ...draftOf(row), revision: row.draftRevision, row });

export const presentVersion = (row: AgentVersionRow): AgentVersionType => ({
  ...contentOf(row),
  id: row.id,
  number: row.number,
  note: row.note,
  author: { id: row.authorId },
  restoredFrom: row.restoredFrom,
  createdAt: row.createdAt,
});

/** @param model What answers, the default of the server filled in. */
export function presentForRun({ agent, version, definition }: RunnableAgent, model: string): AgentForRunType {
  const { instructions, temperature, maxOutputTokens, thinking, tools, outputSchema, limits, team } = definition;
  return {
    id: agent.id,
    name: version.name,
    description: version.description,
    versionId: version.id,
    version: version.number,
    instructions,
    model,
    temperature,
    maxOutputTokens,
    thinking,
    tools,
    outputSchema,
    limits,
    team,
  };
}
