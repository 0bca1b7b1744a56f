import { z } from 'zod';
import { ParleyError } from '#core/error';
import type { Logger } from '#core/log';
import type { EventConsumer } from '#core/outbox/consumer';
import type { Viewer } from '#core/viewer';
import type { TaskService } from '../task.service.ts';

const requested = z.object({ decisionId: z.uuid(), ruleId: z.uuid(), agentId: z.uuid(), input: z.string() });

/**
 * Starts what a rule asks for, on behalf of whoever caused it and as far as he may: a rule gives nobody a permission. Brought
 * twice, it is one task.
 */
export const ruleTaskConsumer = (tasks: TaskService, log: Logger): EventConsumer => ({
  name: 'tasks.start-for-rule',
  types: ['rule.task_requested'],
  async consume({ id, orgId, payload, actor }) {
    const { decisionId, ruleId, agentId, input } = requested.parse(payload);
    if (!actor) return log.warn({ ruleId }, 'a rule asked for a task on behalf of nobody');
    const viewer: Viewer = {
      userId: actor.userId,
      userKind: 'HUMAN',
      orgId,
      role: 'WORKER',
      permissions: [],
      credential: { kind: 'SESSION', id, expiresAt: null },
    };
    const task = { kind: 'RUN_AGENT', input: { agentId, text: input } };
    try {
      await tasks.startFor(viewer, task, `rule ${ruleId} ${decisionId}`);
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code === 'UNAVAILABLE' || error.code === 'INTERNAL') throw error;
      // It would be refused each time.
      log.warn({ ruleId, code: error.code, reason: error.message }, 'the task of a rule was not started');
    }
  },
});
