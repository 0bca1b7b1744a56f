import { newId } from '#core/id';
import type { Things } from './scene.fixture.ts';

/** A thing of another organization, and one that there is not, where an operation takes an id. */
export const none = (): Things => ({
  agent: newId(),
  memoryBlock: newId(),
  tokenLimit: newId(),
  rule: newId(),
  room: newId(),
  message: newId(),
  attachment: newId(),
  run: newId(),
  step: newId(),
  approval: newId(),
  apiKey: newId(),
  invitation: newId(),
  role: newId(),
  serviceAccount: newId(),
  member: newId(),
  user: newId(),
  session: newId(),
  live: newId(),
  task: newId(),
  deadLetter: newId(),
  webhook: newId(),
  webhookDelivery: newId(),
  schedule: newId(),
});

const mutation = (field: string, input: string) => `mutation { ${field}(input: {${input}}) { __typename } }`;

/** Beside whose ids it is tried: one's own things, and the organization of the others. */
export interface Beside {
  own: Things;
  orgId: string;
}

/** Every way in which an id can be given, alone or beside ids of one's own. */
export const ATTEMPTS: [string, (them: Things, beside: Beside) => string][] = [
  ['agent', (them) => `{ agent(id: "${them.agent}") { id name } }`],
  ['agentVersionDiff', (them) => `{ agentVersionDiff(agentId: "${them.agent}") { changes { path } } }`],
  ['conversation', (them) => `{ conversation(id: "${them.room}") { id title messages { nodes { text } } } }`],
  ['message', (them) => `{ message(id: "${them.message}") { id text conversation { title } } }`],
  ['attachment', (them) => `{ attachment(id: "${them.attachment}") { id fileName url } }`],
  ['run', (them) => `{ run(id: "${them.run}") { id state agent { name } } }`],
  ['step', (them) => `{ step(id: "${them.step}") { id input output run { id } } }`],
  ['approval', (them) => `{ approval(id: "${them.approval}") { id arguments conversation { title } } }`],
  ['decideApproval', (them) => mutation('decideApproval', `approvalId: "${them.approval}", decision: APPROVE`)],
  ['retryRun', (them) => mutation('retryRun', `runId: "${them.run}"`)],
  ['requeueStep', (them) => mutation('requeueStep', `stepId: "${them.step}"`)],
  [
    'createAgent with a team',
    (them) =>
      mutation('createAgent', `name: "x", team: {nodes: [{key: "a", agentId: "${them.agent}"}], supervisor: {}}`),
  ],
  [
    'searchMessages',
    (them) =>
      `{ searchMessages(query: "nobody", filter: {conversationId: "${them.room}"}) { nodes { id text } totalCount } }`,
  ],
  ['sessions of a user', (them) => `{ sessions(userId: "${them.user}") { nodes { id } totalCount } }`],
  ['keys of a user', (them) => `{ apiKeys(filter: {principalId: "${them.user}"}) { nodes { id } totalCount } }`],
  ['updateAgentDraft', (them) => mutation('updateAgentDraft', `agentId: "${them.agent}", name: "x"`)],
  ['discardAgentDraft', (them) => mutation('discardAgentDraft', `agentId: "${them.agent}"`)],
  ['duplicateAgent', (them) => mutation('duplicateAgent', `agentId: "${them.agent}"`)],
  ['publishAgent', (them) => mutation('publishAgent', `agentId: "${them.agent}"`)],
  ['rollBackAgent', (them) => mutation('rollBackAgent', `agentId: "${them.agent}", toVersion: 1`)],
  ['archiveAgent', (them) => mutation('archiveAgent', `agentId: "${them.agent}"`)],
  ['restoreAgent', (them) => mutation('restoreAgent', `agentId: "${them.agent}"`)],
  ['memoryBlock', (them) => `{ memoryBlock(id: "${them.memoryBlock}") { id value revisions { nodes { value } } } }`],
  [
    'memoryBlocks of an agent',
    (them) => `{ memoryBlocks(filter: {agentId: "${them.agent}"}) { nodes { id } totalCount } }`,
  ],
  ['memoryBlocks of a room', (them) => `{ memoryBlocks(filter: {conversationId: "${them.room}"}) { nodes { id } } }`],
  [
    'createMemoryBlock of an agent',
    (them) => mutation('createMemoryBlock', `scope: AGENT, label: "x", agentId: "${them.agent}"`),
  ],
  [
    'createMemoryBlock of a room',
    (them) => mutation('createMemoryBlock', `scope: CONVERSATION, label: "x", conversationId: "${them.room}"`),
  ],
  [
    'updateMemoryBlock',
    (them) => mutation('updateMemoryBlock', `blockId: "${them.memoryBlock}", expectedRevision: 1, value: "x"`),
  ],
  ['appendToMemoryBlock', (them) => mutation('appendToMemoryBlock', `blockId: "${them.memoryBlock}", text: "x"`)],
  ['deleteMemoryBlock', (them) => mutation('deleteMemoryBlock', `blockId: "${them.memoryBlock}"`)],
  [
    'setTokenLimit of an agent',
    (them) => mutation('setTokenLimit', `agentId: "${them.agent}", period: DAY, maxTokens: 1, whenExhausted: REJECT`),
  ],
  ['removeTokenLimit', (them) => mutation('removeTokenLimit', `tokenLimitId: "${them.tokenLimit}"`)],
  ['rule', (them) => `{ rule(id: "${them.rule}") { id name condition versions { nodes { note } } } }`],
  ['ruleVersionDiff', (them) => `{ ruleVersionDiff(ruleId: "${them.rule}", from: 1, to: 1) { changes { path } } }`],
  [
    'ruleDecisions of a rule',
    (them) => `{ ruleDecisions(filter: {ruleId: "${them.rule}"}) { nodes { id } totalCount } }`,
  ],
  [
    'ruleDecisions of a room',
    (them) => `{ ruleDecisions(filter: {conversationId: "${them.room}"}) { nodes { id } totalCount } }`,
  ],
  ['markRuleNoticesRead', (them) => mutation('markRuleNoticesRead', `upToId: "${them.rule}"`)],
  ['updateRule', (them) => mutation('updateRule', `ruleId: "${them.rule}", name: "x"`)],
  ['rollBackRule', (them) => mutation('rollBackRule', `ruleId: "${them.rule}", version: 1`)],
  ['enableRule', (them) => mutation('enableRule', `ruleId: "${them.rule}"`)],
  ['disableRule', (them) => mutation('disableRule', `ruleId: "${them.rule}"`)],
  ['deleteRule', (them) => mutation('deleteRule', `ruleId: "${them.rule}"`)],
  [
    'createRule about an agent',
    (them) =>
      mutation('createRule', `name: "x", stage: INPUT, scope: {agentId: "${them.agent}"}, actions: [{allow: true}]`),
  ],
  [
    'createRule about a room',
    (them) =>
      mutation(
        'createRule',
        `name: "x", stage: INPUT, scope: {conversationId: "${them.room}"}, actions: [{allow: true}]`,
      ),
  ],
  [
    'createRule that tells a user',
    (them) =>
      mutation(
        'createRule',
        `name: "x", stage: INPUT, condition: "text == \\"\\"", actions: [{notify: {userIds: ["${them.user}"], message: "x"}}]`,
      ),
  ],
  [
    'simulateRules with messages',
    (them) =>
      `{ simulateRules(input: {stage: INPUT, messages: {conversationId: "${them.room}", last: 5}}) { results { facts } } }`,
  ],
  [
    'simulateRules in place of a rule',
    (them) =>
      `{ simulateRules(input: {stage: INPUT, draft: {name: "x", stage: INPUT, actions: [{allow: true}]}, insteadOf: "${them.rule}"}) { results { outcome } } }`,
  ],
  ['task', (them) => `{ task(id: "${them.task}") { id input jobs { nodes { input } } } }`],
  ['taskSchedule', (them) => `{ taskSchedule(id: "${them.schedule}") { id name nextRuns } }`],
  ['pauseSchedule', (them) => mutation('pauseSchedule', `scheduleId: "${them.schedule}"`)],
  ['resumeSchedule', (them) => mutation('resumeSchedule', `scheduleId: "${them.schedule}"`)],
  ['deleteSchedule', (them) => mutation('deleteSchedule', `scheduleId: "${them.schedule}"`)],
  ['tasks of a schedule', (them) => `{ tasks(filter: {scheduleId: "${them.schedule}"}) { nodes { id } totalCount } }`],
  ['cancelTask', (them) => mutation('cancelTask', `taskId: "${them.task}"`)],
  ['replayDeadLetters', (them) => mutation('replayDeadLetters', `jobIds: ["${them.deadLetter}"]`)],
  ['deadLetters', (them) => `{ deadLetters(filter: {taskIds: ["${them.task}"]}) { nodes { id } totalCount } }`],
  ['tasks', (them) => `{ tasks(filter: {createdById: "${them.user}"}) { nodes { id } totalCount } }`],
  [
    'createTask with an agent',
    (them) => mutation('createTask', `kind: "RUN_AGENT", input: {agentId: "${them.agent}", text: "x"}`),
  ],
  ['runs', (them) => `{ runs(filter: {conversationId: "${them.room}"}) { nodes { id } totalCount } }`],
  ['runs of an agent', (them) => `{ runs(filter: {agentId: "${them.agent}"}) { nodes { id } totalCount } }`],
  ['events of a room', (them) => `{ events(filter: {conversationId: "${them.room}"}) { nodes { id } totalCount } }`],
  ['events of a thing', (them) => `{ events(filter: {subjectId: "${them.agent}"}) { nodes { id } totalCount } }`],
  ['events of a person', (them) => `{ events(filter: {actorId: "${them.user}"}) { nodes { id } totalCount } }`],
  [
    'auditLog of a room',
    (them) => `{ auditLog(filter: {conversationId: "${them.room}"}) { nodes { id } totalCount } }`,
  ],
  ['auditLog of a person', (them) => `{ auditLog(filter: {subjectId: "${them.user}"}) { nodes { id } totalCount } }`],
  ['webhook', (them) => `{ webhook(id: "${them.webhook}") { id url } }`],
  ['webhookDelivery', (them) => `{ webhookDelivery(id: "${them.webhookDelivery}") { id body } }`],
  ['webhookDeliveries', (them) => `{ webhookDeliveries(webhookId: "${them.webhook}") { nodes { id } } }`],
  ['updateWebhook', (them) => mutation('updateWebhook', `webhookId: "${them.webhook}", description: "x"`)],
  ['deleteWebhook', (them) => mutation('deleteWebhook', `webhookId: "${them.webhook}"`)],
  ['rotateWebhookSecret', (them) => mutation('rotateWebhookSecret', `webhookId: "${them.webhook}"`)],
  ['pauseWebhook', (them) => mutation('pauseWebhook', `webhookId: "${them.webhook}"`)],
  ['resumeWebhook', (them) => mutation('resumeWebhook', `webhookId: "${them.webhook}"`)],
  ['testWebhook', (them) => mutation('testWebhook', `webhookId: "${them.webhook}"`)],
  ['replayWebhook', (them) => mutation('replayWebhook', `webhookId: "${them.webhook}"`)],
  ['editMessage', (them) => mutation('editMessage', `messageId: "${them.message}", text: "x"`)],
  ['regenerateReply', (them) => mutation('regenerateReply', `messageId: "${them.message}"`)],
  ['selectBranch', (them) => mutation('selectBranch', `messageId: "${them.message}"`)],
  ['forkConversation', (them) => mutation('forkConversation', `messageId: "${them.message}"`)],
  ['createConversation with an agent', (them) => mutation('createConversation', `agentIds: ["${them.agent}"]`)],
  ['createConversation with a user', (them) => mutation('createConversation', `userIds: ["${them.user}"]`)],
  ['updateConversation', (them) => mutation('updateConversation', `conversationId: "${them.room}", title: "x"`)],
  ['deleteConversation', (them) => mutation('deleteConversation', `conversationId: "${them.room}"`)],
  [
    'addParticipants',
    (them, { own }) => mutation('addParticipants', `conversationId: "${them.room}", agentIds: ["${own.agent}"]`),
  ],
  [
    'addParticipants with a user',
    (them, { own }) => mutation('addParticipants', `conversationId: "${own.room}", userIds: ["${them.user}"]`),
  ],
  [
    'addParticipants with an agent',
    (them, { own }) => mutation('addParticipants', `conversationId: "${own.room}", agentIds: ["${them.agent}"]`),
  ],
  [
    'removeParticipant',
    (them) => mutation('removeParticipant', `conversationId: "${them.room}", participantId: "${them.agent}"`),
  ],
  [
    'removeParticipant from one’s own room',
    (them, { own }) => mutation('removeParticipant', `conversationId: "${own.room}", participantId: "${them.user}"`),
  ],
  ['sendMessage', (them) => mutation('sendMessage', `conversationId: "${them.room}", text: "x"`)],
  [
    'sendMessage to an agent',
    (them, { own }) => mutation('sendMessage', `conversationId: "${own.room}", text: "x", agentId: "${them.agent}"`),
  ],
  [
    'sendMessage with a file',
    (them, { own }) =>
      mutation('sendMessage', `conversationId: "${own.room}", text: "x", attachmentIds: ["${them.attachment}"]`),
  ],
  ['liveSession', (them) => `{ liveSession(id: "${them.live}") { id state } }`],
  ['startLiveSession', (them) => mutation('startLiveSession', `conversationId: "${them.room}"`)],
  [
    'startLiveSession with an agent',
    (them, { own }) => mutation('startLiveSession', `conversationId: "${own.room}", agentId: "${them.agent}"`),
  ],
  ['sendLiveInput', (them) => mutation('sendLiveInput', `sessionId: "${them.live}", sequence: 1, text: "x"`)],
  ['endLiveSession', (them) => mutation('endLiveSession', `sessionId: "${them.live}"`)],
  ['exportConversation', (them) => mutation('exportConversation', `conversationId: "${them.room}", format: JSON`)],
  ['erasePerson', (them) => mutation('erasePerson', `userId: "${them.user}"`)],
  ['setTyping', (them) => mutation('setTyping', `conversationId: "${them.room}"`)],
  ['addReaction', (them) => mutation('addReaction', `messageId: "${them.message}", emoji: "👍"`)],
  ['removeReaction', (them) => mutation('removeReaction', `messageId: "${them.message}", emoji: "👍"`)],
  ['markRead', (them) => mutation('markRead', `conversationId: "${them.room}", messageId: "${them.message}"`)],
  [
    'markRead of one’s own room',
    (them, { own }) => mutation('markRead', `conversationId: "${own.room}", messageId: "${them.message}"`),
  ],
  ['takeOverConversation', (them) => mutation('takeOverConversation', `conversationId: "${them.room}"`)],
  [
    'takeOverConversation of an agent',
    (them, { own }) => mutation('takeOverConversation', `conversationId: "${own.room}", agentId: "${them.agent}"`),
  ],
  ['handBackConversation', (them) => mutation('handBackConversation', `conversationId: "${them.room}"`)],
  [
    'handBackConversation of an agent',
    (them, { own }) => mutation('handBackConversation', `conversationId: "${own.room}", agentId: "${them.agent}"`),
  ],
  ['cancelRun', (them) => mutation('cancelRun', `runId: "${them.run}"`)],
  ['revokeApiKey', (them) => mutation('revokeApiKey', `apiKeyId: "${them.apiKey}"`)],
  ['createApiKey for a user', (them) => mutation('createApiKey', `name: "x", principalId: "${them.user}"`)],
  [
    'createApiKey for a service account',
    (them) => mutation('createApiKey', `name: "x", principalId: "${them.serviceAccount}"`),
  ],
  ['revokeInvitation', (them) => mutation('revokeInvitation', `invitationId: "${them.invitation}"`)],
  [
    'createInvitation with a role',
    (them) => mutation('createInvitation', `email: "x@example.com", roleId: "${them.role}"`),
  ],
  ['updateRole', (them) => mutation('updateRole', `roleId: "${them.role}", name: "x"`)],
  ['deleteRole', (them) => mutation('deleteRole', `roleId: "${them.role}"`)],
  [
    'updateServiceAccount',
    (them) => mutation('updateServiceAccount', `serviceAccountId: "${them.serviceAccount}", name: "x"`),
  ],
  [
    'updateServiceAccount with a role',
    (them, { own }) =>
      mutation('updateServiceAccount', `serviceAccountId: "${own.serviceAccount}", roleId: "${them.role}"`),
  ],
  ['createServiceAccount with a role', (them) => mutation('createServiceAccount', `name: "x", roleId: "${them.role}"`)],
  ['disableServiceAccount', (them) => mutation('disableServiceAccount', `serviceAccountId: "${them.serviceAccount}"`)],
  ['enableServiceAccount', (them) => mutation('enableServiceAccount', `serviceAccountId: "${them.serviceAccount}"`)],
  ['changeMemberRole', (them) => mutation('changeMemberRole', `memberId: "${them.member}", roleId: "VIEWER"`)],
  [
    'changeMemberRole to a role',
    (them, { own }) => mutation('changeMemberRole', `memberId: "${own.member}", roleId: "${them.role}"`),
  ],
  ['removeMember', (them) => mutation('removeMember', `memberId: "${them.member}"`)],
  ['revokeSession', (them) => mutation('revokeSession', `sessionId: "${them.session}"`)],
  ['switchOrganization', (_, { orgId }) => mutation('switchOrganization', `organizationId: "${orgId}"`)],
];
