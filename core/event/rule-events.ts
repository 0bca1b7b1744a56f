import { z } from 'zod';
import { type EventTypes, eventType, field } from './event-type.ts';

const { id, count, optionalCount, optionalId, optionalText, text, texts } = field;

const rule = {
  ruleId: id,
  name: text,
  stage: text,
  version: count,
  changed: texts.optional(),
  restoredFrom: optionalCount,
};
const about = { conversationId: optionalId, runId: optionalId, messageId: optionalId, agentId: optionalId };

/** What happens to rules, and what they decide: with their reasons, and without what was said. */
export const RULE_EVENTS: EventTypes = {
  'rule.created': eventType('A rule was made.', 'RULE ruleId', rule),
  'rule.updated': eventType('A rule was changed.', 'RULE ruleId', rule),
  'rule.rolled_back': eventType('An earlier version of a rule was brought back.', 'RULE ruleId', rule),
  'rule.enabled': eventType('A rule was put into force.', 'RULE ruleId', rule),
  'rule.disabled': eventType('A rule was put out of force.', 'RULE ruleId', rule),
  'rule.deleted': eventType('A rule was deleted.', 'RULE ruleId', rule),
  'rule.decided': eventType(
    'Rules decided on something that was said, asked for or to be answered.',
    'CONVERSATION conversationId',
    {
      ...about,
      stage: text,
      outcome: text,
      tool: optionalText,
      reasons: z.array(z.json()),
      routing: z.json().nullish(),
    },
  ),
  'rule.task_requested': eventType('A rule asked for work of an agent.', 'RULE ruleId', {
    ...about,
    decisionId: id,
    ruleId: id,
  }),
};
