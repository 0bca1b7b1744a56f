import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { Transactions } from '#core/database/transaction';
import { conflict, notFound } from '#core/error';
import { isId } from '#core/id';
import { validate } from '#core/validate';
import type { Viewer } from '#core/viewer';
import { agentEvent } from './agent.event.ts';
import { canPublish } from './agent.policy.ts';
import { versionNote } from './agent-definition.ts';
import { isSameContent } from './agent-diff.ts';
import { type Publication, writeVersion } from './agent-publication.ts';
import {
  assertInUse,
  assertPermitted,
  assertRevision,
  contentOf,
  draftOf,
  lockAgent,
  publishedVersionOf,
} from './agent-row.ts';
import type { DefinitionCheck } from './definition-check.ts';
import { blocking, type DefinitionProblem } from './model.service.ts';

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
    const problems = seen ? await this.definitions.check(seen.id, draftOf(seen)) : [];
    return this.transactions.scoped(async (unit) => {
      const agent = await lockAgent(unit.tx, viewer, agentId);
      assertPermitted(viewer, agent, canPublish, 'agents:publish');
      assertInUse(agent);
      assertRevision(agent, expectedRevision ?? seen?.draftRevision);
      assertPublishable(problems, 'draft');
      const draft = draftOf(agent);
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
   * @throws ParleyError `CONFLICT` where that version is what is published already, or its model is gone.
   */
  async rollBack(viewer: Viewer, input: unknown): Promise<Publication> {
    const { agentId, toVersion, note } = validate(rollBackRequest, input);
    const where = { agentId, number: toVersion };
    const target = isId(agentId) ? await this.database.scoped.agentVersion.findFirst({ where }) : null;
    const problems = target ? await this.definitions.check(agentId, contentOf(target)) : [];
    return this.transactions.scoped(async (unit) => {
      const agent = await lockAgent(unit.tx, viewer, agentId);
      assertPermitted(viewer, agent, canPublish, 'agents:publish');
      assertInUse(agent);
      if (!target) throw notFound('version of this agent');
      assertPublishable(problems, 'version');
      const content = contentOf(target);
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

/** @throws ParleyError `CONFLICT` with the path of each error, from `root` on. */
function assertPublishable(problems: DefinitionProblem[], root: string): void {
  const errors = blocking(problems);
  if (errors.length === 0) return;
  throw conflict(
    `This cannot be published: ${errors.map((problem) => problem.message).join(' ')}`,
    errors.map(({ path, message }) => ({ path: `${root}.${path}`, message })),
  );
}
