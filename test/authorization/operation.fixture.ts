import { encodeCursor } from '#core/graphql/pagination';
import { newId } from '#core/id';
import { PASSWORD, type Person } from '../support/seed.ts';
import type { Maker } from './scene.fixture.ts';

/** Who asks, where an operation needs to know. */
export interface Asking {
  maker: Maker;
  /** Everybody whom a room of this scene is made for. */
  userIds: string[];
  /** A person with the caller's role, made for this one operation; nobody's own for a caller without a session. */
  person: Person;
}

export interface TableOperation {
  /** What comes after the root field's name: its arguments, and what is selected. */
  text: string;
  /** The types of `text`'s variables. */
  types?: string;
  variables?: (asking: Asking) => Promise<Record<string, unknown>>;
  /** It ends what the caller stands on: another person with the same role asks. */
  ownPerson?: boolean;
}

const SESSION = '{ accessToken }';

const input = (
  type: string,
  selection: string,
  make: (asking: Asking) => Promise<Record<string, unknown>> | Record<string, unknown>,
  extra: Partial<TableOperation> = {},
): TableOperation => ({
  text: `(input: $input) ${selection}`,
  types: `$input: ${type}Input!`,
  variables: async (asking) => ({ input: await make(asking) }),
  ...extra,
});

const byId = (selection: string, id: (asking: Asking) => Promise<string>): TableOperation => ({
  text: `(id: $id) ${selection}`,
  types: '$id: ID!',
  variables: async (asking) => ({ id: await id(asking) }),
});

const nodes = (selection = '{ id }'): TableOperation => ({ text: `{ nodes ${selection} totalCount }` });

const queue = input('Queue', '{ queue { name } }', () => ({ queue: 'of-roles' }));

const ofSchedule = input('Schedule', '{ schedule { id } }', async ({ maker }) => ({
  scheduleId: await maker.schedule(),
}));

/** How every root field is asked, on things made for the occasion. */
export const OPERATIONS: Record<string, TableOperation> = {
  'Query.viewer': { text: '{ role { id } permissions }' },
  'Query.logInProviders': { text: '{ id }' },
  'Query.invitationPreview': {
    text: '(token: $token) { email organizationName }',
    types: '$token: String!',
    variables: async ({ maker }) => ({ token: await maker.invitation('token') }),
  },
  'Query.organization': { text: '{ id name members { nodes { id user { name } role { name } } } }' },
  'Query.organizations': nodes('{ id name }'),
  'Query.sessions': nodes('{ id ip }'),
  'Query.linkedAccounts': { text: '{ id provider }' },
  'Query.permissions': { text: '{ name description }' },
  'Query.roles': { text: '{ id name permissions }' },
  'Query.apiKeys': nodes('{ id name prefix }'),
  'Query.invitations': nodes('{ id email }'),
  'Query.serviceAccounts': nodes('{ id name }'),
  'Query.agents': nodes('{ id name instructions }'),
  'Query.agent': byId('{ id name instructions }', ({ maker }) => maker.agent()),
  'Query.agentVersionDiff': {
    text: '(agentId: $id) { changes { path } }',
    types: '$id: ID!',
    variables: async ({ maker }) => ({ id: await maker.agent() }),
  },
  'Query.models': { text: '{ id }' },
  'Query.modelProviders': { text: '{ id status }' },
  'Query.tools': { text: '{ name effect }' },
  'Query.memoryBlocks': nodes('{ id label value }'),
  'Query.memoryBlock': byId('{ id label value revisions { totalCount } }', ({ maker }) => maker.memoryBlock()),
  'Query.conversations': nodes('{ id title }'),
  'Query.conversation': byId('{ id title participants { __typename } }', ({ maker, userIds }) => maker.room(userIds)),
  'Query.message': byId('{ id text }', async ({ maker, userIds }) => (await maker.talk(userIds)).message),
  'Query.attachment': byId('{ id fileName url }', ({ maker, userIds }) => maker.attachment(userIds)),
  'Query.run': byId('{ id state }', async ({ maker, userIds }) => (await maker.talk(userIds)).run),
  'Query.runs': nodes('{ id state }'),
  'Query.step': byId('{ id state }', async ({ maker, userIds }) => (await maker.waiting(userIds)).step),
  'Query.approval': byId('{ id state }', async ({ maker, userIds }) => (await maker.waiting(userIds)).approval),
  'Query.approvals': nodes('{ id state }'),

  'Query.searchMessages': { text: '(query: "nobody") { nodes { id } totalCount }' },

  'Mutation.signUp': input('SignUp', SESSION, () => ({
    email: `${newId()}@example.com`,
    password: PASSWORD,
    name: 'New',
    organizationName: 'New',
  })),
  'Mutation.logIn': input('LogIn', SESSION, ({ maker }) => ({ email: maker.owner.email, password: PASSWORD })),
  'Mutation.refreshSession': input('RefreshSession', SESSION, async ({ maker }) => ({
    refreshToken: (await maker.test.seed.member(maker.owner)).refreshToken,
  })),
  'Mutation.acceptInvitation': input('AcceptInvitation', SESSION, async ({ maker }) => ({
    token: await maker.invitation('token'),
    name: 'New',
    password: PASSWORD,
  })),
  'Mutation.startOAuthLogIn': input('StartOAuthLogIn', '{ authorizationUrl }', () => ({
    provider: 'nobody',
    redirectUri: 'https://example.com/back',
  })),
  'Mutation.completeOAuthLogIn': input('CompleteOAuthLogIn', SESSION, () => ({
    attempt: 'none',
    callbackUrl: 'https://example.com/back?code=1&state=2',
  })),
  'Mutation.linkAccount': input('LinkAccount', '{ linkedAccount { id } }', () => ({
    attempt: 'none',
    callbackUrl: 'https://example.com/back?code=1&state=2',
  })),
  'Mutation.unlinkAccount': input('UnlinkAccount', '{ unlinkedAccountId }', () => ({ linkedAccountId: newId() })),
  'Mutation.logOut': { text: '{ sessionId }', ownPerson: true },
  'Mutation.revokeSession': input(
    'RevokeSession',
    '{ revokedSessionId }',
    async ({ maker, person }) => ({ sessionId: await maker.sessionOf(person) }),
    { ownPerson: true },
  ),
  'Mutation.switchOrganization': input(
    'SwitchOrganization',
    SESSION,
    ({ maker }) => ({ organizationId: maker.owner.orgId }),
    { ownPerson: true },
  ),
  'Mutation.updateProfile': input('UpdateProfile', '{ user { id } }', () => ({ name: 'Renamed' })),
  'Mutation.changePassword': input(
    'ChangePassword',
    '{ revokedSessions }',
    () => ({ currentPassword: PASSWORD, newPassword: `${PASSWORD} again` }),
    { ownPerson: true },
  ),
  'Mutation.createOrganization': input('CreateOrganization', '{ organization { id } }', () => ({ name: 'Another' })),
  'Mutation.leaveOrganization': { text: '{ leftOrganizationId }', ownPerson: true },
  'Mutation.updateOrganization': input('UpdateOrganization', '{ organization { id } }', () => ({ name: 'Renamed' })),
  'Mutation.changeMemberRole': input('ChangeMemberRole', '{ member { id } }', async ({ maker }) => ({
    memberId: await maker.memberIdOf((await maker.test.seed.member(maker.owner)).id),
    roleId: 'VIEWER',
  })),
  'Mutation.removeMember': input('RemoveMember', '{ removedMemberId }', async ({ maker }) => ({
    memberId: await maker.memberIdOf((await maker.test.seed.member(maker.owner)).id),
  })),
  'Mutation.erasePerson': input('ErasePerson', '{ erasedUserId }', async ({ maker }) => ({
    userId: (await maker.test.seed.member(maker.owner)).id,
  })),
  'Mutation.createInvitation': input('CreateInvitation', '{ invitation { id } }', () => ({
    email: `${newId()}@example.com`,
    roleId: 'VIEWER',
  })),
  'Mutation.revokeInvitation': input('RevokeInvitation', '{ invitation { id } }', async ({ maker }) => ({
    invitationId: await maker.invitation(),
  })),
  'Mutation.createRole': input('CreateRole', '{ role { id } }', () => ({
    name: newId(),
    permissions: ['agents:read'],
  })),
  'Mutation.updateRole': input('UpdateRole', '{ role { id } }', async ({ maker }) => ({
    roleId: await maker.role(),
    name: newId(),
  })),
  'Mutation.deleteRole': input('DeleteRole', '{ deletedRoleId }', async ({ maker }) => ({
    roleId: await maker.role(),
  })),
  'Mutation.createServiceAccount': input('CreateServiceAccount', '{ serviceAccount { id } }', () => ({
    name: 'A bot',
    roleId: 'VIEWER',
  })),
  'Mutation.updateServiceAccount': input('UpdateServiceAccount', '{ serviceAccount { id } }', async ({ maker }) => ({
    serviceAccountId: await maker.serviceAccount(),
    name: 'Renamed',
  })),
  'Mutation.disableServiceAccount': input('DisableServiceAccount', '{ serviceAccount { id } }', async ({ maker }) => ({
    serviceAccountId: await maker.serviceAccount(),
  })),
  'Mutation.enableServiceAccount': input('EnableServiceAccount', '{ serviceAccount { id } }', async ({ maker }) => ({
    serviceAccountId: await maker.serviceAccount(),
  })),
  // With a scope that each of those who may make keys has.
  'Mutation.createApiKey': input('CreateApiKey', '{ secret }', () => ({ name: 'a key', scopes: ['agents:read'] })),
  'Mutation.revokeApiKey': input('RevokeApiKey', '{ apiKey { id } }', async ({ maker }) => ({
    apiKeyId: await maker.apiKey(),
  })),

  'Mutation.createAgent': input('CreateAgent', '{ agent { id } }', () => ({ name: 'New' })),
  'Mutation.updateAgentDraft': input('UpdateAgentDraft', '{ agent { id } }', async ({ maker }) => ({
    agentId: await maker.agent(),
    name: 'Renamed',
  })),
  'Mutation.discardAgentDraft': input('DiscardAgentDraft', '{ agent { id } }', async ({ maker }) => ({
    agentId: await maker.agent(),
  })),
  'Mutation.duplicateAgent': input('DuplicateAgent', '{ agent { id } }', async ({ maker }) => ({
    agentId: await maker.agent(),
  })),
  'Mutation.publishAgent': input('PublishAgent', '{ agent { id } }', async ({ maker }) => {
    const agentId = await maker.agent();
    await maker.owner.client.request(
      'mutation ($id: ID!) { updateAgentDraft(input: {agentId: $id, name: "Changed"}) { agent { id } } }',
      { id: agentId },
    );
    return { agentId };
  }),
  'Mutation.rollBackAgent': input('RollBackAgent', '{ agent { id } }', async ({ maker }) => {
    const agentId = await maker.agent();
    await maker.owner.client.request(
      `mutation ($id: ID!) {
        updateAgentDraft(input: {agentId: $id, name: "Changed"}) { agent { id } }
        publishAgent(input: {agentId: $id}) { agent { id } }
      }`,
      { id: agentId },
    );
    return { agentId, toVersion: 1 };
  }),
  'Mutation.archiveAgent': input('ArchiveAgent', '{ agent { id } }', async ({ maker }) => ({
    agentId: await maker.agent(),
  })),
  'Mutation.restoreAgent': input('RestoreAgent', '{ agent { id } }', async ({ maker }) => ({
    agentId: await maker.agent(),
  })),

  'Mutation.createMemoryBlock': input('CreateMemoryBlock', '{ memoryBlock { id } }', () => ({
    scope: 'ORG',
    label: `m-${newId()}`,
  })),
  'Mutation.updateMemoryBlock': input('UpdateMemoryBlock', '{ memoryBlock { id } }', async ({ maker }) => ({
    blockId: await maker.memoryBlock(),
    expectedRevision: 1,
    value: 'Changed',
  })),
  'Mutation.appendToMemoryBlock': input('AppendToMemoryBlock', '{ memoryBlock { id } }', async ({ maker }) => ({
    blockId: await maker.memoryBlock(),
    text: 'More',
  })),
  'Mutation.deleteMemoryBlock': input('DeleteMemoryBlock', '{ deletedMemoryBlockId }', async ({ maker }) => ({
    blockId: await maker.memoryBlock(),
  })),
  'Mutation.eraseOwnMemory': { text: '{ erasedBlocks }' },

  'Mutation.createConversation': input('CreateConversation', '{ conversation { id } }', () => ({ title: 'New' })),
  'Mutation.updateConversation': input('UpdateConversation', '{ conversation { id } }', async ({ maker, userIds }) => ({
    conversationId: await maker.room(userIds),
    title: 'Renamed',
  })),
  'Mutation.deleteConversation': input(
    'DeleteConversation',
    '{ deletedConversationId }',
    async ({ maker, userIds }) => ({
      conversationId: await maker.room(userIds),
    }),
  ),
  'Mutation.addParticipants': input('AddParticipants', '{ conversation { id } }', async ({ maker, userIds }) => ({
    conversationId: await maker.room(userIds),
    agentIds: [await maker.agent()],
  })),
  'Mutation.removeParticipant': input('RemoveParticipant', '{ removedParticipantId }', async ({ maker, userIds }) => {
    const agent = await maker.agent();
    return { conversationId: await maker.room(userIds, [agent]), participantId: agent };
  }),
  'Mutation.sendMessage': input('SendMessage', '{ message { id } }', async ({ maker, userIds }) => ({
    conversationId: await maker.room(userIds),
    text: 'Hello',
  })),
  'Mutation.takeOverConversation': input(
    'TakeOverConversation',
    '{ takeover { since } }',
    async ({ maker, userIds }) => ({
      conversationId: await maker.room(userIds),
    }),
  ),
  'Mutation.handBackConversation': input(
    'HandBackConversation',
    '{ conversation { id } }',
    async ({ maker, userIds }) => ({
      conversationId: await maker.room(userIds),
    }),
  ),
  'Mutation.forkConversation': input('ForkConversation', '{ conversation { id } }', async ({ maker, userIds }) => ({
    messageId: (await maker.talk(userIds)).message,
  })),
  'Mutation.editMessage': input('EditMessage', '{ message { id } }', async ({ maker, userIds }) => ({
    messageId: (await maker.talk(userIds)).message,
    text: 'Anew',
    whenBusy: 'INTERRUPT',
  })),
  'Mutation.regenerateReply': input('RegenerateReply', '{ run { id } }', async ({ maker, userIds }) => ({
    messageId: (await maker.talk(userIds)).message,
  })),
  'Mutation.selectBranch': input('SelectBranch', '{ message { id } }', async ({ maker, userIds }) => ({
    messageId: (await maker.talk(userIds)).message,
  })),
  'Mutation.cancelRun': input('CancelRun', '{ run { id } }', async ({ maker, userIds }) => ({
    runId: (await maker.talk(userIds)).run,
  })),
  'Mutation.retryRun': input('RetryRun', '{ run { id } }', async ({ maker, userIds }) => ({
    runId: await maker.cancelled(userIds),
  })),
  'Mutation.requeueStep': input('RequeueStep', '{ run { id } }', async ({ maker, userIds }) => ({
    stepId: (await maker.waiting(userIds)).step,
  })),
  'Mutation.decideApproval': input('DecideApproval', '{ approval { id } }', async ({ maker, userIds }) => ({
    approvalId: (await maker.waiting(userIds)).approval,
    decision: 'REJECT',
  })),
  'Query.liveSession': byId('{ id state }', ({ maker }) => maker.liveSession()),
  'Query.openLiveSessions': { text: '{ id state }' },
  'Mutation.startLiveSession': input('StartLiveSession', '{ session { id } }', async ({ maker, userIds }) => ({
    conversationId: (await maker.talk(userIds)).room,
  })),
  'Mutation.sendLiveInput': input('SendLiveInput', '{ sequence }', () => ({
    sessionId: newId(),
    sequence: 1,
    text: 'Hello',
  })),
  'Mutation.endLiveSession': input('EndLiveSession', '{ session { id } }', () => ({ sessionId: newId() })),
  'Subscription.liveEvents': {
    text: '(sessionId: $id) { __typename }',
    types: '$id: ID!',
    variables: async () => ({ id: newId() }),
  },
  'Mutation.addReaction': input('AddReaction', '{ message { id } }', async ({ maker, userIds }) => ({
    messageId: (await maker.talk(userIds)).message,
    emoji: '👍',
  })),
  'Mutation.removeReaction': input('RemoveReaction', '{ message { id } }', async ({ maker, userIds }) => ({
    messageId: (await maker.talk(userIds)).message,
    emoji: '👍',
  })),
  'Mutation.markRead': input('MarkRead', '{ conversation { id unreadCount } }', async ({ maker, userIds }) => {
    const { room, message } = await maker.talk(userIds);
    return { conversationId: room, messageId: message };
  }),
  'Mutation.exportConversation': input('ExportConversation', '{ fileName }', async ({ maker, userIds }) => ({
    conversationId: await maker.room(userIds),
    format: 'JSON',
  })),
  'Query.retentionPolicy': { text: '{ messagesDays minimumDays }' },
  'Mutation.setRetention': input('SetRetention', '{ retentionPolicy { messagesDays } }', () => ({
    messagesDays: 3650,
  })),
  'Query.tokenLimits': nodes('{ id used left agent { id } }'),
  'Query.taskKinds': { text: '{ name inputSchema }' },
  'Query.task': byId('{ id input jobs { nodes { input } } }', ({ maker }) => maker.task()),
  'Query.tasks': nodes('{ id input }'),
  'Query.deadLetters': nodes('{ id input }'),
  'Query.taskSchedules': nodes('{ id name }'),
  'Query.taskSchedule': byId('{ id name nextRuns }', ({ maker }) => maker.schedule()),
  'Mutation.createSchedule': input('CreateSchedule', '{ schedule { id } }', () => ({
    name: 'Nightly',
    cron: '0 3 1 1 *',
    kind: 'CALL_WEBHOOK',
    input: { url: 'https://example.com/' },
  })),
  'Mutation.pauseSchedule': ofSchedule,
  'Mutation.resumeSchedule': ofSchedule,
  'Mutation.deleteSchedule': input('Schedule', '{ deletedScheduleId }', async ({ maker }) => ({
    scheduleId: await maker.schedule(),
  })),
  'Query.taskQueues': { text: '{ name stats { ready } }' },
  'Query.queueStats': { text: '{ ready dead }' },
  'Query.taskThroughput': { text: '{ kind succeeded }' },
  'Query.taskWorkers': { text: '{ id running }' },
  'Mutation.updateQueue': input('UpdateQueue', '{ queue { name } }', () => ({ queue: 'of-roles', maxConcurrent: 1 })),
  'Mutation.pauseQueue': queue,
  'Mutation.resumeQueue': queue,
  'Mutation.drainQueue': queue,
  'Subscription.queueStats': { text: '{ ready }' },
  'Mutation.createTask': input('CreateTask', '{ task { id } }', () => ({
    kind: 'CALL_WEBHOOK',
    input: { url: 'https://example.com/' },
    startAfter: '2099-01-01T00:00:00Z',
  })),
  'Mutation.cancelTask': input('CancelTask', '{ task { id state } }', async ({ maker }) => ({
    taskId: await maker.task(),
  })),
  'Mutation.replayDeadLetters': input('ReplayDeadLetters', '{ replayedCount }', async ({ maker }) => ({
    jobIds: [await maker.deadLetter()],
  })),
  'Mutation.setTokenLimit': input('SetTokenLimit', '{ tokenLimit { id used } }', () => ({
    period: 'TOTAL',
    maxTokens: 1_000_000_000,
    whenExhausted: 'PAUSE',
  })),
  'Mutation.removeTokenLimit': input('RemoveTokenLimit', '{ removedTokenLimitId }', async ({ maker }) => ({
    tokenLimitId: await maker.tokenLimit(),
  })),
  'Query.rules': nodes('{ id name actions { __typename } }'),
  'Query.rule': byId('{ id name versions { totalCount } }', ({ maker }) => maker.rule()),
  'Query.ruleVersionDiff': {
    text: '(ruleId: $id, from: 1, to: 1) { changes { path } }',
    types: '$id: ID!',
    variables: async ({ maker }) => ({ id: await maker.rule() }),
  },
  'Query.ruleFacts': { text: '(stage: INPUT) { name type description }' },
  'Query.ruleDecisions': nodes('{ id outcome }'),
  'Query.ruleNotices': nodes('{ id message }'),
  'Mutation.markRuleNoticesRead': input('MarkRuleNoticesRead', '{ marked }', () => ({ upToId: newId() })),
  'Query.simulateRules': { text: '(input: {stage: INPUT}) { results { outcome } }' },
  'Mutation.createRule': input('CreateRule', '{ rule { id } warnings { code } }', () => ({
    name: 'New',
    stage: 'INPUT',
    condition: 'false || text == "never said"',
    actions: [{ tag: { tags: ['x'] } }],
  })),
  'Mutation.updateRule': input('UpdateRule', '{ rule { id version } }', async ({ maker }) => ({
    ruleId: await maker.rule(),
    name: 'Renamed',
  })),
  'Mutation.rollBackRule': input('RollBackRule', '{ rule { id } }', async ({ maker }) => ({
    ruleId: await maker.rule(),
    version: 1,
  })),
  'Mutation.enableRule': input('EnableRule', '{ rule { id enabled } }', async ({ maker }) => ({
    ruleId: await maker.rule(),
  })),
  'Mutation.disableRule': input('DisableRule', '{ rule { id enabled } }', async ({ maker }) => ({
    ruleId: await maker.rule(),
  })),
  'Mutation.deleteRule': input('DeleteRule', '{ deletedRuleId }', async ({ maker }) => ({
    ruleId: await maker.rule(),
  })),
  'Mutation.setTyping': input('SetTyping', '{ expiresAt }', async ({ maker, userIds }) => ({
    conversationId: await maker.room(userIds),
  })),
  'Subscription.roomPresence': {
    text: '(conversationId: $id) { here { __typename } }',
    types: '$id: ID!',
    variables: async ({ maker, userIds }) => ({ id: await maker.room(userIds) }),
  },
  'Query.eventTypes': { text: '{ name schema }' },
  'Query.events': nodes('{ id type data actor { user { id } } }'),
  'Query.auditLog': nodes('{ id seq ip personal hash }'),
  'Query.verifyAudit': { text: '{ isIntact problems { seq } }' },
  'Query.auditCheckpoints': nodes('{ seq signature }'),
  'Query.auditKey': { text: '{ id publicKey }' },
  'Mutation.checkpointAudit': { text: '{ checkpoint { seq } }' },
  'Mutation.exportAudit': input('ExportAudit', '{ url }', () => ({ format: 'CSV' })),
  'Query.recordRetention': { text: '{ eventsDays auditDays }' },
  'Mutation.setRecordRetention': input('SetRecordRetention', '{ recordRetention { auditDays } }', () => ({
    auditDays: 3650,
  })),
  'Query.webhooks': nodes('{ id url }'),
  'Query.webhook': byId('{ id url }', ({ maker }) => maker.webhook()),
  'Query.webhookDeliveries': {
    text: '(webhookId: $id) { nodes { id body } }',
    types: '$id: ID!',
    variables: async ({ maker }) => ({ id: await maker.webhook() }),
  },
  'Query.webhookDelivery': byId('{ id body attempts { status } }', ({ maker }) => maker.webhookDelivery()),
  'Mutation.createWebhook': input('CreateWebhook', '{ secret }', () => ({
    url: 'http://127.0.0.1:9/hook',
    types: ['agent.restored'],
  })),
  'Mutation.updateWebhook': input('UpdateWebhook', '{ webhook { id } }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
    description: 'Changed',
  })),
  'Mutation.deleteWebhook': input('Webhook', '{ deletedWebhookId }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
  })),
  'Mutation.rotateWebhookSecret': input('RotateWebhookSecret', '{ secret }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
  })),
  'Mutation.pauseWebhook': input('Webhook', '{ webhook { state } }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
  })),
  'Mutation.resumeWebhook': input('Webhook', '{ webhook { state } }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
  })),
  'Mutation.testWebhook': input('Webhook', '{ delivery { id } }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
  })),
  'Mutation.replayWebhook': input('ReplayWebhook', '{ replayed }', async ({ maker }) => ({
    webhookId: await maker.webhook(),
  })),
  'Subscription.eventStream': {
    text: '(after: $after) { cursor }',
    types: '$after: String',
    // From the beginning on: an answer comes at once.
    variables: async () => ({ after: Buffer.from('["ev","0"]').toString('base64url') }),
  },
  'Subscription.taskEvents': {
    text: '(taskId: $id, after: $after) { __typename }',
    types: '$id: ID!, $after: String',
    variables: async ({ maker }) => ({ id: await maker.task(), after: encodeCursor('k', 0) }),
  },
  'Subscription.runEvents': {
    text: '(runId: $id) { __typename }',
    types: '$id: ID!',
    variables: async ({ maker, userIds }) => ({ id: (await maker.talk(userIds)).run }),
  },
  'Subscription.conversationEvents': {
    text: '(conversationId: $id, after: $after) { __typename }',
    types: '$id: ID!, $after: String',
    variables: async ({ maker, userIds }) => {
      const { room } = await maker.talk(userIds);
      // From the beginning on: an answer comes at once.
      return { id: room, after: Buffer.from('["e","0"]').toString('base64url') };
    },
  },
};

/** The document of a root field of the table, such as `Query.agent`. */
export function documentOf(name: string): string {
  const [type, field] = name.split('.');
  const operation = OPERATIONS[name];
  if (!operation) throw new Error(`There is no operation for ${name}.`);
  return `${type?.toLowerCase()} ${operation.types ? `(${operation.types})` : ''} { ${field}${operation.text} }`;
}
