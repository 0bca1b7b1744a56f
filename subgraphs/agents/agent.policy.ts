import { can, type Viewer } from '#core/viewer';

/** What decides about an agent: where it belongs and whether it is still in use. */
export interface AgentFacts {
  orgId: string;
  archivedAt: Date | null;
}

/** An agent of another organization does not exist for the viewer. */
export const belongsTo = (viewer: Viewer, agent: AgentFacts): boolean => agent.orgId === viewer.orgId;

export const canSee = (viewer: Viewer, agent: AgentFacts): boolean =>
  belongsTo(viewer, agent) && can(viewer, 'agents:read');

export const canEdit = (viewer: Viewer, agent: AgentFacts): boolean =>
  belongsTo(viewer, agent) && can(viewer, 'agents:write');

/** Covers roll back, archive and restore too: whatever changes which agent answers. */
export const canPublish = (viewer: Viewer, agent: AgentFacts): boolean =>
  belongsTo(viewer, agent) && can(viewer, 'agents:publish');

/** An archived agent is kept for the messages that it wrote: it is not edited and takes part in nothing new. */
export const isInUse = (agent: AgentFacts): boolean => agent.archivedAt === null;

/** Only what was published answers. */
export const canAnswer = (agent: AgentFacts & { publishedVersionId: string | null }): boolean =>
  isInUse(agent) && agent.publishedVersionId !== null;
