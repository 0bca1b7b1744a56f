import { type EventTypes, eventType, field } from './event-type.ts';

const { id, ids, count, optionalCount, flag, optionalId, optionalText, text, texts } = field;

const room = { conversationId: id };
const run = { ...room, runId: id };
const message = { ...room, messageId: id };
const reaction = { ...message, emoji: text };
const live = { ...room, liveSessionId: id, userId: id, agentId: id };
const approval = { ...run, approvalId: id };
const takeover = { ...room, agentId: optionalId };

/** What happens in rooms: who and what, never the words that are said there, nor what a room is called. */
export const CONVERSATION_EVENTS: EventTypes = {
  'conversation.created': eventType('A room was made.', 'CONVERSATION conversationId', {
    ...room,
    agentIds: ids,
    userIds: ids,
  }),
  'conversation.updated': eventType('A room was changed.', 'CONVERSATION conversationId', { ...room, changed: texts }),
  'conversation.deleted': eventType('A room was deleted.', 'CONVERSATION conversationId', room),
  'conversation.forked': eventType('A room was made that goes on from a message.', 'CONVERSATION conversationId', {
    ...room,
    fromConversationId: id,
    fromMessageId: id,
  }),
  'conversation.exported': eventType('A room was exported.', 'CONVERSATION conversationId', { ...room, format: text }),
  'conversation.taken_over': eventType('Agents of a room were silenced.', 'CONVERSATION conversationId', takeover),
  'conversation.handed_back': eventType('Agents of a room answer again.', 'CONVERSATION conversationId', takeover),
  'participant.joined': eventType('Somebody was brought into a room.', 'CONVERSATION conversationId', {
    ...room,
    agentIds: ids,
    userIds: ids,
  }),
  'participant.left': eventType('Somebody left a room, or was taken out of it.', 'CONVERSATION conversationId', {
    ...room,
    kind: text,
    participantId: id,
  }),
  'message.sent': eventType('A message was sent.', 'MESSAGE messageId', { ...message, runId: optionalId }),
  'message.edited': eventType('A message was written anew.', 'MESSAGE messageId', { ...message, editedMessageId: id }),
  'message.branch_selected': eventType('Another version of a history is shown.', 'MESSAGE messageId', {
    ...message,
    replacedMessageId: optionalId,
  }),
  'reaction.added': eventType('Somebody put an emoji to a message.', 'MESSAGE messageId', reaction),
  'reaction.removed': eventType('Somebody took an emoji away.', 'MESSAGE messageId', reaction),
  'run.cancel_requested': eventType('Somebody stopped an answer.', 'RUN runId', run),
  'run.rolled_back': eventType('An answer was taken back.', 'RUN runId', run),
  'run.regenerated': eventType('Another answer was asked for.', 'RUN runId', { ...run, earlierRunId: id }),
  'run.retried': eventType('A run goes on that had ended.', 'RUN runId', { ...run, steps: count }),
  'run.waiting': eventType('A run waits.', 'RUN runId', { ...run, for: text }),
  'run.finished': eventType('A run has ended.', 'RUN runId', {
    ...run,
    messageId: id,
    triggerMessageId: optionalId,
    state: text,
    code: optionalText,
  }),
  'step.requeued': eventType('A call of a tool may be made again.', 'STEP stepId', { ...run, stepId: id }),
  'approval.requested': eventType('An agent asks whether it may.', 'APPROVAL approvalId', {
    ...approval,
    kind: text,
    subject: text,
  }),
  'approval.decided': eventType('It was decided whether an agent may.', 'APPROVAL approvalId', {
    ...approval,
    state: text,
    edited: flag,
  }),
  'live_session.started': eventType('Somebody began to talk by voice.', 'LIVE_SESSION liveSessionId', live),
  'live_session.ended': eventType('A live session has ended.', 'LIVE_SESSION liveSessionId', { ...live, reason: text }),
  'retention.changed': eventType(
    'For how long messages are kept was changed.',
    'ORGANIZATION',
    { from: optionalCount, to: optionalCount },
    { change: { before: 'from', after: 'to' } },
  ),
  'retention.applied': eventType(
    'What is kept no longer was removed.',
    'ORGANIZATION',
    {
      before: text,
      messages: count,
      runs: count,
      events: count,
    },
    { change: { before: '', after: '' } },
  ),
  'person.erased': eventType('What somebody wrote is gone.', 'USER userId', {
    userId: id,
    messages: count,
    rooms: count,
  }),
  'token_limit.set': eventType('A limit of tokens was set.', 'TOKEN_LIMIT tokenLimitId', {
    tokenLimitId: id,
    agentId: optionalId,
    period: text,
    maxTokens: count,
    whenExhausted: text,
    downgradeModel: optionalText,
  }),
  'token_limit.removed': eventType('A limit of tokens was removed.', 'TOKEN_LIMIT tokenLimitId', { tokenLimitId: id }),
};
