import type { ScopedTransaction } from '#core/database/scoped-client';
import { conflict, forbidden, notFound, ParleyError } from '#core/error';
import { isId } from '#core/id';
import type { Viewer } from '#core/viewer';
import type { Agent, AgentVersion } from '#prisma/generated/client';
import { belongsTo, isInUse } from './agent.policy.ts';
import { type AgentContent, readDefinition } from './agent-definition.ts';

export type AgentRow = Agent;
export type AgentVersionRow = AgentVersion;

/** The draft of an agent as it is edited and published. */
export function draftOf(agent: AgentRow): AgentContent {
  const { name, description, definition } = agent.draft as unknown as AgentContent;
  return { name, description, definition: readDefinition(definition) };
}

export const contentOf = (version: AgentVersionRow): AgentContent => ({
  name: version.name,
  description: version.description,
  definition: readDefinition(version.definition),
});

/**
 * Reads an agent and keeps others from changing it until the transaction ends.
 * @throws ParleyError `NOT_FOUND` where the viewer's organization has no such agent.
 */
export async function lockAgent(tx: ScopedTransaction, viewer: Viewer, id: string): Promise<AgentRow> {
  if (!isId(id)) throw notFound('agent');
  // Teams refer to their members: that they may go on doing.
  await tx.$queryRaw`SELECT id FROM agents WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const agent = await tx.agent.findFirst({ where: { id } });
  if (!agent || !belongsTo(viewer, agent)) throw notFound('agent');
  return agent;
}

type Permitted = (viewer: Viewer, agent: AgentRow) => boolean;

/** @throws ParleyError `FORBIDDEN`, naming the permission. */
export function assertPermitted(viewer: Viewer, agent: AgentRow, permitted: Permitted, permission: string): void {
  if (!permitted(viewer, agent)) throw forbidden(`This needs the permission ${permission}.`);
}

/** @throws ParleyError `CONFLICT` on an archived agent. */
export function assertInUse(agent: AgentRow): void {
  if (!isInUse(agent)) throw conflict('The agent is archived: restore it first.');
}

/**
 * @param expected What the caller saw; null or undefined where it does not matter.
 * @throws ParleyError `CONFLICT` with the present revision in `extensions.revision`.
 */
export function assertRevision(agent: AgentRow, expected: number | null | undefined): void {
  const revision = agent.draftRevision;
  if (expected == null || expected === revision) return;
  throw new ParleyError('CONFLICT', `The draft has changed: it is now at revision ${revision}, not ${expected}.`, {
    extensions: { revision },
  });
}

/** The version that answers, or null as long as nothing is published. */
export async function publishedVersionOf(tx: ScopedTransaction, agent: AgentRow): Promise<AgentVersionRow | null> {
  if (!agent.publishedVersionId) return null;
  return tx.agentVersion.findFirst({ where: { id: agent.publishedVersionId } });
}
