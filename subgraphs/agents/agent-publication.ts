import type { ScopedUnit } from '#core/database/transaction';
import type { Viewer } from '#core/viewer';
import type { AgentContent } from './agent-definition.ts';
import type { AgentRow, AgentVersionRow } from './agent-row.ts';
import { recordMembers } from './team/team-roll.ts';

export interface Publication {
  agent: AgentRow;
  version: AgentVersionRow;
}

export interface VersionRemarks {
  note: string;
  restoredFrom?: number;
  /** What the draft becomes; it stays as it is where this is absent. */
  draft?: AgentContent;
}

/**
 * Writes the next version of an agent that the caller has locked and makes it the one that answers. The lock is what
 * keeps the numbers distinct and without gaps.
 */
export async function writeVersion(
  { tx }: ScopedUnit,
  viewer: Viewer,
  agent: AgentRow,
  content: AgentContent,
  { note, restoredFrom, draft }: VersionRemarks,
): Promise<Publication> {
  const newest = await tx.agentVersion.findFirst({
    where: { agentId: agent.id },
    orderBy: { number: 'desc' },
    select: { number: true },
  });
  const { name, description, definition } = content;
  const version = await tx.agentVersion.create({
    data: {
      agentId: agent.id,
      number: (newest?.number ?? 0) + 1,
      name,
      description,
      definition: { ...definition },
      note,
      authorId: viewer.userId,
      restoredFrom: restoredFrom ?? null,
    },
  });
  const published = await tx.agent.update({
    where: { id: agent.id },
    data: {
      publishedVersionId: version.id,
      kind: definition.kind,
      name,
      description,
      ...(draft && { draft: toJson(draft), draftRevision: { increment: 1 } }),
    },
  });
  await recordMembers(tx, agent.id, 'PUBLISHED', content);
  if (draft) await recordMembers(tx, agent.id, 'DRAFT', draft);
  return { agent: published, version };
}

/** A content as Prisma takes it for a JSON column. */
export const toJson = ({ name, description, definition }: AgentContent) => ({
  name,
  description,
  definition: { ...definition },
});
