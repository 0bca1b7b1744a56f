import { z } from 'zod';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { cutDisplayName } from '#core/display-name';
import { conflict } from '#core/error';
import { validate } from '#core/validate';
import { can, requirePermission, type Viewer } from '#core/viewer';
import { agentEvent } from './agent.event.ts';
import { createAgentRows } from './agent.loaders.ts';
import { canEdit, canPublish, isInUse } from './agent.policy.ts';
import { AGENT_LIMITS, type AgentContent, agentFields, versionNote, withFields } from './agent-definition.ts';
import { changedPaths } from './agent-diff.ts';
import { type Publication, toJson, writeVersion } from './agent-publication.ts';
import {
  type AgentRow,
  assertInUse,
  assertPermitted,
  assertRevision,
  contentOf,
  draftOf,
  lockAgent,
  publishedVersionOf,
} from './agent-row.ts';
import { checkTeamMembers, type DefinitionCheck } from './definition-check.ts';
import { blocking, type DefinitionProblem } from './model.service.ts';
import { assertPossible, assertUnused, lockTeams, recordMembers } from './team/team-roll.ts';

const newAgent = agentFields
  .partial()
  .required({ name: true })
  .extend({ publish: z.boolean().nullish(), note: versionNote.optional() });

const draftEdit = agentFields.partial().extend({ agentId: z.string(), expectedRevision: z.int().nullish() });

const draftReset = draftEdit.pick({ agentId: true, expectedRevision: true });

const archiveRequest = z.object({ agentId: z.string(), force: z.boolean().nullish() });

const copyRequest = z.object({ agentId: z.string(), name: agentFields.shape.name.nullish() });

/** A new agent. `reason` says why it was not published where the caller wanted it to be. */
export interface CreatedAgent {
  agent: AgentRow;
  version: Publication['version'] | null;
  reason: string | null;
}

/** Makes agents, edits their drafts and takes agents out of use. */
export class AgentService {
  constructor(
    private readonly transactions: Transactions,
    private readonly definitions: DefinitionCheck,
  ) {}

  /** Makes an agent, and publishes it unless told otherwise or something stands in the way, which is then said. */
  async create(viewer: Viewer, input: unknown): Promise<CreatedAgent> {
    requirePermission(viewer, 'agents:write');
    const { publish, note, ...fields } = validate(newAgent, input);
    const content = withFields(fields);
    const wanted = publish ?? true;
    const reasons = wanted ? await this.reasonsNotToPublish(viewer, content) : [];
    return this.transactions.scoped(async (unit) => {
      if (content.definition.team) {
        await lockTeams(unit.tx, viewer.orgId);
        await assertPossible(unit.tx, null, content);
        if (wanted) reasons.push(...messagesOf(await checkTeamMembers(createAgentRows(unit.tx), null, content)));
      }
      const reason = reasons.length > 0 ? reasons.join(' ') : null;
      const agent = await insertAgent(unit, viewer, content);
      await unit.emit(agentEvent(viewer, 'agent.created', { agentId: agent.id, revision: agent.draftRevision }));
      if (!wanted || reason) return { agent, version: null, reason };
      const made = await writeVersion(unit, viewer, agent, content, { note: note ?? '' });
      const { id: versionId, number } = made.version;
      await unit.emit(agentEvent(viewer, 'agent.published', { agentId: agent.id, versionId, number }));
      return { ...made, reason };
    });
  }

  /** Changes the given parts of the draft. What is published stays as it is. */
  async updateDraft(viewer: Viewer, input: unknown): Promise<AgentRow> {
    const { agentId, expectedRevision, ...fields } = validate(draftEdit, input);
    return this.transactions.scoped(async (unit) => {
      const agent = await lockForEdit(unit, viewer, agentId, expectedRevision);
      const content = withFields(fields, draftOf(agent));
      if (fields.team) {
        await lockTeams(unit.tx, viewer.orgId);
        await assertPossible(unit.tx, agent.id, content);
      }
      return replaceDraft(unit, viewer, agent, content, 'agent.draft_updated');
    });
  }

  /** Throws the edits of the draft away: it is again what is published. */
  async discardDraft(viewer: Viewer, input: unknown): Promise<AgentRow> {
    const { agentId, expectedRevision } = validate(draftReset, input);
    return this.transactions.scoped(async (unit) => {
      const agent = await lockForEdit(unit, viewer, agentId, expectedRevision);
      const published = await publishedVersionOf(unit.tx, agent);
      if (!published) throw conflict('Nothing is published yet: there is nothing to go back to.');
      return replaceDraft(unit, viewer, agent, contentOf(published), 'agent.draft_discarded');
    });
  }

  /** Makes a new agent whose draft is that of another, archived or not. */
  async duplicate(viewer: Viewer, input: unknown): Promise<AgentRow> {
    const { agentId, name } = validate(copyRequest, input);
    return this.transactions.scoped(async (unit) => {
      const source = await lockAgent(unit.tx, viewer, agentId);
      assertPermitted(viewer, source, canEdit, 'agents:write');
      const content = draftOf(source);
      const copy = await insertAgent(unit, viewer, { ...content, name: name ?? nameOfCopy(content.name) });
      await unit.emit(agentEvent(viewer, 'agent.created', { agentId: copy.id, copiedFrom: source.id }));
      return copy;
    });
  }

  /**
   * Takes an agent out of use. Its messages keep their author. Archiving twice changes nothing.
   * @throws ParleyError `CONFLICT` where a published team in use holds it, unless `force` is true.
   */
  async archive(viewer: Viewer, input: unknown): Promise<AgentRow> {
    const { agentId, force } = validate(archiveRequest, input);
    return this.transactions.scoped(async (unit) => {
      const agent = await lockToArchive(unit, viewer, agentId);
      if (!isInUse(agent)) return agent;
      await lockTeams(unit.tx, viewer.orgId);
      if (!force) await assertUnused(unit.tx, agent);
      return setArchived(unit, viewer, agent, new Date());
    });
  }

  async restore(viewer: Viewer, agentId: string): Promise<AgentRow> {
    return this.transactions.scoped(async (unit) => {
      const agent = await lockToArchive(unit, viewer, agentId);
      return isInUse(agent) ? agent : setArchived(unit, viewer, agent, null);
    });
  }

  private async reasonsNotToPublish(viewer: Viewer, { definition }: AgentContent): Promise<string[]> {
    if (!can(viewer, 'agents:publish')) return ['Publishing it needs the permission agents:publish.'];
    return messagesOf(await this.definitions.checkSettings(viewer, definition));
  }
}

const messagesOf = (problems: DefinitionProblem[]): string[] => blocking(problems).map((problem) => problem.message);

async function lockToArchive({ tx }: ScopedUnit, viewer: Viewer, agentId: string): Promise<AgentRow> {
  const agent = await lockAgent(tx, viewer, agentId);
  assertPermitted(viewer, agent, canPublish, 'agents:publish');
  return agent;
}

async function setArchived(
  { tx, emit }: ScopedUnit,
  viewer: Viewer,
  { id }: AgentRow,
  archivedAt: Date | null,
): Promise<AgentRow> {
  const changed = await tx.agent.update({ where: { id }, data: { archivedAt } });
  await emit(agentEvent(viewer, archivedAt ? 'agent.archived' : 'agent.restored', { agentId: id }));
  return changed;
}

async function insertAgent({ tx }: ScopedUnit, viewer: Viewer, content: AgentContent): Promise<AgentRow> {
  const { name, description, definition } = content;
  const data = { kind: definition.kind, name, description, draft: toJson(content), createdById: viewer.userId };
  const agent = await tx.agent.create({ data });
  await recordMembers(tx, agent.id, 'DRAFT', content);
  return agent;
}

async function lockForEdit(
  { tx }: ScopedUnit,
  viewer: Viewer,
  agentId: string,
  expectedRevision: number | null | undefined,
): Promise<AgentRow> {
  const agent = await lockAgent(tx, viewer, agentId);
  assertPermitted(viewer, agent, canEdit, 'agents:write');
  assertInUse(agent);
  assertRevision(agent, expectedRevision);
  return agent;
}

/** Writes a draft where it differs. As long as nothing is published, the agent goes by the draft's name. */
async function replaceDraft(
  { tx, emit }: ScopedUnit,
  viewer: Viewer,
  agent: AgentRow,
  content: AgentContent,
  event: 'agent.draft_updated' | 'agent.draft_discarded',
): Promise<AgentRow> {
  const changed = changedPaths(draftOf(agent), content);
  if (changed.length === 0) return agent;
  const { name, description, definition } = content;
  const updated = await tx.agent.update({
    where: { id: agent.id },
    data: {
      draft: toJson(content),
      draftRevision: { increment: 1 },
      ...(!agent.publishedVersionId && { kind: definition.kind, name, description }),
    },
  });
  if (changed.some(isOfTeam)) await recordMembers(tx, agent.id, 'DRAFT', content);
  await emit(agentEvent(viewer, event, { agentId: agent.id, revision: updated.draftRevision, changed }));
  return updated;
}

const isOfTeam = (path: string): boolean => path.startsWith('definition.team.');

const COPY = ' (copy)';
const nameOfCopy = (name: string): string => cutDisplayName(name, AGENT_LIMITS.name - COPY.length) + COPY;
