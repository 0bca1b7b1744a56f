import { type EventTypes, eventType, field } from './event-type.ts';

const { id, count, optionalText, text, texts } = field;

const webhook = { webhookId: id };

/** What happens to the record of what happens, and to what tells others of it. */
export const RECORD_EVENTS: EventTypes = {
  'audit.checkpointed': eventType('The head of the audit trail was signed.', 'ORGANIZATION', { seq: count }),
  'audit.exported': eventType('The audit trail was exported.', 'ORGANIZATION', { format: text }),
  'audit.retention_changed': eventType('For how long the record is kept was changed.', 'ORGANIZATION', {
    before: field.settings,
    after: field.settings,
  }),
  'audit.trimmed': eventType('The start of the audit trail went, up to an entry that was signed.', 'ORGANIZATION', {
    upToSeq: count,
  }),
  'event_log.trimmed': eventType('The start of the log of events went.', 'ORGANIZATION', { events: count }),
  'webhook.created': eventType('A webhook was made.', 'WEBHOOK webhookId', { ...webhook, host: text, types: texts }),
  'webhook.updated': eventType('A webhook was changed.', 'WEBHOOK webhookId', {
    ...webhook,
    before: field.settings,
    after: field.settings,
  }),
  'webhook.deleted': eventType('A webhook was deleted.', 'WEBHOOK webhookId', webhook),
  'webhook.secret_rotated': eventType('A webhook got another secret.', 'WEBHOOK webhookId', webhook),
  'webhook.paused': eventType('A webhook was paused.', 'WEBHOOK webhookId', { ...webhook, reason: optionalText }),
  'webhook.resumed': eventType('A webhook goes on.', 'WEBHOOK webhookId', webhook),
  'webhook.tested': eventType('A webhook was tried.', 'WEBHOOK webhookId', webhook),
  'webhook.replayed': eventType('Deliveries were ordered once more.', 'WEBHOOK webhookId', {
    ...webhook,
    deliveries: count,
  }),
};
