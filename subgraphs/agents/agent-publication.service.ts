import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { ScopedUnit, Transactions } from '#core/database/transaction';
import { conflict, notFound } from '#core/error';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import { agentEvent } from './agent.event.ts';
import { createAgentRows } from './agent.loaders.ts';
import { canPublish } from './agent.policy.ts';
import { type AgentContent, versionNote } from './agent-definition.ts';
import { isSameContent } from './agent-diff.ts';
import { type Publication, writeVersion } from './agent-publication.ts';
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
import { lockTeams } from './team/team-roll.ts';

const publishRequest = z.object({
  agentId: z.string(),
  note: versionNote.optional(),
  expectedRevision: z.int().nullish(),
});

const rollBackRequest = z.object({ agentId: z.string(), toVersion: z.int(), note: versionNote.optional() });

/** Decides which version of an agent answers. Versions are never changed, only followed by others. */
export class AgentPublicationService {
  constructor(
    private readonly database: Database,
    private readonly transactions: Transactions,
    private readonly definitions: DefinitionCheck,
  ) {}

  /**
   * Makes the draft the next version.
   * @throws ParleyError `CONFLICT` where the draft has moved, has an error, or is what is published already.
   */
  async publish(viewer: Viewer, input: unknown): Promise<Publication> {
    const { agentId, note, expectedRevision } = validate(publishRequest, input);
    // Providers are asked before the row is locked: they may take seconds.
    const seen = isId(agentId) ? await this.database.scoped.agent.findFirst({ where: { id: agentId } }) : null;
    const problems = seen ? await this.definitions.checkSettings(viewer, draftOf(seen).definition) : [];
    return this.transactions.scoped(async (unit) => {
      const agent = await lockAgent(unit.tx, viewer, agentId);
      assertPermitted(viewer, agent, canPublish, 'agents:publish');
      assertInUse(agent);
      assertRevision(agent, expectedRevision ?? seen?.draftRevision);
      const draft = draftOf(agent);
      assertPublishable([...problems, ...(await checkAsTeam(unit, viewer, agent, draft))], 'draft');
      const current = await publishedVersionOf(unit.tx, agent);
      if (current && isSameContent(draft, contentOf(current))) {
        throw conflict(`There is nothing to publish: the draft is the same as version ${current.number}.`);
      }
      const made = await writeVersion(unit, viewer, agent, draft, { note: note ?? '' });
      const { id: versionId, number } = made.version;
      await unit.emit(agentEvent(viewer, 'agent.published', { agentId, versionId, number }));
      return made;
    });
  }

  /**
   * Publishes an earlier version again, as a new one. The draft follows, unless it holds edits that were not published.
   * @throws ParleyError `CONFLICT` where that version is what is published already, or has an error by now, such as
   * a model that is gone.
   */
  async rollBack(viewer: Viewer, input: unknown): Promise<Publication> {
    const { agentId, toVersion, note } = validate(rollBackRequest, input);
    const where = { agentId, number: toVersion };
    const target = isId(agentId) ? await this.database.scoped.agentVersion.findFirst({ where }) : null;
    const problems = target ? await this.definitions.checkSettings(viewer, contentOf(target).definition) : [];
    return this.transactions.scoped(async (unit) => {
      const agent = await lockAgent(unit.tx, viewer, agentId);
      assertPermitted(viewer, agent, canPublish, 'agents:publish');
      assertInUse(agent);
      if (!target) throw notFound('version of this agent');
      const content = contentOf(target);
      assertPublishable([...problems, ...(await checkAsTeam(unit, viewer, agent, content))], 'version');
      const current = await publishedVersionOf(unit.tx, agent);
      if (current && isSameContent(content, contentOf(current))) {
        throw conflict(`There is nothing to roll back: version ${current.number} is the same as version ${toVersion}.`);
      }
      const isEdited = current !== null && !isSameContent(draftOf(agent), contentOf(current));
      const made = await writeVersion(unit, viewer, agent, content, {
        note: note ?? '',
        restoredFrom: toVersion,
        ...(!isEdited && { draft: content }),
      });
      const { id: versionId, number } = made.version;
      const payload = { agentId, versionId, number, restoredFrom: toVersion, revision: made.agent.draftRevision };
      await unit.emit(agentEvent(viewer, 'agent.rolled_back', payload));
      return made;
    });
  }
}

/** What is wrong with the members of what is going to be published. They do not change until it is. */
async function checkAsTeam(
  { tx }: ScopedUnit,
  viewer: Viewer,
  agent: AgentRow,
  content: AgentContent,
): Promise<DefinitionProblem[]> {
  if (!content.definition.team) return [];
  await lockTeams(tx, viewer.orgId);
  return checkTeamMembers(createAgentRows(tx), agent.id, content);
}

/** @throws ParleyError `CONFLICT` with the path of each error, from `root` on. */
function assertPublishable(problems: DefinitionProblem[], root: string): void {
  const errors = blocking(problems);
  if (errors.length === 0) return;
  throw conflict(
    `This cannot be published: ${errors.map((problem) => problem.message).join(' ')}`,
    errors.map(({ path, message }) => ({ path: `${root}.${path}`, message })),
  );
}
