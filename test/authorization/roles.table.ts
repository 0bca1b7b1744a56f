/**
 * What each caller is answered, by root field. The columns: nobody, then OWNER, ADMIN, MEMBER and VIEWER with a session, an
 * owner's API key with the one scope `agents:read`, and a service account that is a MEMBER.
 *
 *     ok   it is done, or shown
 *     who  UNAUTHENTICATED
 *     no   FORBIDDEN
 *     none NOT_FOUND
 *     late CONFLICT: the caller is let through to what does not fit the state of things
 *     bad  BAD_USER_INPUT: the caller is let through to what is wrong with the input itself
 */
const TABLE = `
#                                   nobody owner admin member viewer key   service
# Whoever is just coming in.
Query.viewer                        ok    ok    ok    ok    ok    ok    ok
Query.logInProviders                ok    ok    ok    ok    ok    ok    ok
Query.invitationPreview             ok    ok    ok    ok    ok    ok    ok
Mutation.signUp                     ok    ok    ok    ok    ok    ok    ok
Mutation.logIn                      ok    ok    ok    ok    ok    ok    ok
Mutation.refreshSession             ok    ok    ok    ok    ok    ok    ok
Mutation.acceptInvitation           ok    no    no    no    no    no    no
Mutation.startOAuthLogIn            none  none  none  none  none  none  none
Mutation.completeOAuthLogIn         bad   bad   bad   bad   bad   bad   bad
# One's own account: for people who have logged in as themselves.
Query.organizations                 who   ok    ok    ok    ok    no    no
Query.sessions                      who   ok    ok    ok    ok    no    no
Query.linkedAccounts                who   ok    ok    ok    ok    no    no
Mutation.logOut                     who   ok    ok    ok    ok    no    no
Mutation.revokeSession              who   ok    ok    ok    ok    no    no
Mutation.switchOrganization         who   ok    ok    ok    ok    no    no
Mutation.updateProfile              who   ok    ok    ok    ok    no    no
Mutation.changePassword             who   ok    ok    ok    ok    no    no
Mutation.linkAccount                who   bad   bad   bad   bad   no    no
Mutation.unlinkAccount              who   none  none  none  none  no    no
Mutation.createOrganization         who   ok    ok    ok    ok    no    no
Mutation.leaveOrganization          who   ok    ok    ok    ok    no    no
# The organization and who is in it.
Query.permissions                   who   ok    ok    ok    ok    ok    ok
Query.organization                  who   ok    ok    ok    ok    no    ok
Query.roles                         who   ok    ok    ok    ok    no    ok
Query.invitations                   who   ok    ok    no    no    no    no
Query.serviceAccounts               who   ok    ok    no    no    no    no
Mutation.erasePerson                who   ok    ok    no    no    no    no
Mutation.updateOrganization         who   ok    no    no    no    no    no
Mutation.changeMemberRole           who   ok    ok    no    no    no    no
Mutation.removeMember               who   ok    ok    no    no    no    no
Mutation.createInvitation           who   ok    ok    no    no    no    no
Mutation.revokeInvitation           who   ok    ok    no    no    no    no
Mutation.createRole                 who   ok    ok    no    no    no    no
Mutation.updateRole                 who   ok    ok    no    no    no    no
Mutation.deleteRole                 who   ok    ok    no    no    no    no
Mutation.createServiceAccount       who   ok    ok    no    no    no    no
Mutation.updateServiceAccount       who   ok    ok    no    no    no    no
Mutation.disableServiceAccount      who   ok    ok    no    no    no    no
Mutation.enableServiceAccount       who   ok    ok    no    no    no    no
# Keys: one's own, and those of others for who manages them.
Query.apiKeys                       who   ok    ok    ok    no    no    ok
Mutation.createApiKey               who   ok    ok    ok    no    no    no
Mutation.revokeApiKey               who   ok    ok    none  no    no    none
# Agents.
Query.agents                        who   ok    ok    ok    ok    ok    ok
Query.agent                         who   ok    ok    ok    ok    ok    ok
Query.agentVersionDiff              who   ok    ok    ok    ok    ok    ok
Query.models                        who   ok    ok    ok    ok    ok    ok
Query.modelProviders                who   ok    ok    ok    ok    ok    ok
Query.tools                         who   ok    ok    ok    ok    ok    ok
Mutation.createAgent                who   ok    ok    ok    no    no    ok
Mutation.updateAgentDraft           who   ok    ok    ok    no    no    ok
Mutation.discardAgentDraft          who   ok    ok    ok    no    no    ok
Mutation.duplicateAgent             who   ok    ok    ok    no    no    ok
Mutation.publishAgent               who   ok    ok    no    no    no    no
Mutation.rollBackAgent              who   ok    ok    no    no    no    no
Mutation.archiveAgent               who   ok    ok    no    no    no    no
Mutation.restoreAgent               who   ok    ok    no    no    no    no
# Memory of the organization, which is shared. What is remembered of oneself can be erased by whoever can read.
Query.memoryBlocks                  who   ok    ok    ok    ok    no    ok
Query.memoryBlock                   who   ok    ok    ok    ok    no    ok
Mutation.createMemoryBlock          who   ok    ok    ok    no    no    ok
Mutation.updateMemoryBlock          who   ok    ok    ok    no    no    ok
Mutation.appendToMemoryBlock        who   ok    ok    ok    no    no    ok
Mutation.deleteMemoryBlock          who   ok    ok    ok    no    no    ok
Mutation.eraseOwnMemory             who   ok    ok    ok    ok    no    ok
# Rooms that the owner made and that everybody is in.
Query.conversations                 who   ok    ok    ok    ok    no    ok
Query.conversation                  who   ok    ok    ok    ok    no    ok
Query.message                       who   ok    ok    ok    ok    no    ok
Query.attachment                    who   ok    ok    ok    ok    no    ok
Query.run                           who   ok    ok    ok    ok    no    ok
Query.runs                          who   ok    ok    ok    ok    no    ok
Query.step                          who   ok    ok    ok    ok    no    ok
Query.approval                      who   ok    ok    ok    ok    no    ok
Query.approvals                     who   ok    ok    ok    ok    no    ok
Query.searchMessages                who   ok    ok    ok    ok    no    ok
Mutation.createConversation         who   ok    ok    ok    no    no    ok
Mutation.updateConversation         who   ok    ok    ok    no    no    ok
Mutation.deleteConversation         who   ok    ok    no    no    no    no
Mutation.addParticipants            who   ok    ok    ok    no    no    ok
Mutation.removeParticipant          who   ok    ok    ok    no    no    ok
Mutation.sendMessage                who   ok    ok    ok    no    no    ok
Mutation.forkConversation           who   ok    ok    ok    no    no    ok
Mutation.takeOverConversation       who   ok    ok    ok    no    no    ok
Mutation.handBackConversation       who   ok    ok    ok    no    no    ok
Mutation.editMessage                who   ok    no    no    no    no    no
Mutation.regenerateReply            who   late  late  late  no    no    late
Mutation.selectBranch               who   ok    ok    ok    no    no    ok
Mutation.cancelRun                  who   ok    ok    ok    no    no    ok
Mutation.retryRun                   who   ok    ok    no    no    no    no
Mutation.requeueStep                who   late  late  no    no    no    no
Mutation.decideApproval             who   ok    ok    ok    no    no    ok
Mutation.addReaction                who   ok    ok    ok    no    no    ok
Mutation.removeReaction             who   ok    ok    ok    no    no    ok
Mutation.markRead                   who   ok    ok    ok    ok    no    ok
Mutation.exportConversation         who   ok    ok    ok    ok    no    ok
Query.retentionPolicy               who   ok    ok    ok    ok    no    ok
Mutation.setRetention               who   ok    ok    no    no    no    no
Mutation.setTyping                  who   ok    ok    ok    no    no    ok
# Limits of tokens.
Query.tokenLimits                   who   ok    ok    ok    no    no    ok
Mutation.setTokenLimit              who   ok    ok    no    no    no    no
Mutation.removeTokenLimit           who   ok    ok    no    no    no    no
# Rules.
Query.rules                         who   ok    ok    ok    no    no    ok
Query.rule                          who   ok    ok    ok    no    no    ok
Query.ruleVersionDiff               who   ok    ok    ok    no    no    ok
Query.ruleFacts                     who   ok    ok    ok    no    no    ok
Query.ruleDecisions                 who   ok    ok    ok    no    no    ok
Query.ruleNotices                   who   ok    ok    ok    ok    ok    ok
Mutation.markRuleNoticesRead        who   none  none  none  none  none  none
Query.simulateRules                 who   ok    ok    ok    no    no    ok
Mutation.createRule                 who   ok    ok    no    no    no    no
Mutation.updateRule                 who   ok    ok    no    no    no    no
Mutation.rollBackRule               who   late  late  no    no    no    no
Mutation.enableRule                 who   ok    ok    no    no    no    no
Mutation.disableRule                who   ok    ok    no    no    no    no
Mutation.deleteRule                 who   ok    ok    no    no    no    no
# Tasks, which are on behalf of the owner: those of another answer as ones that there are not.
Query.taskKinds                     who   ok    ok    ok    ok    no    ok
Query.task                          who   ok    ok    none  none  no    none
Query.tasks                         who   ok    ok    ok    ok    no    ok
Query.deadLetters                   who   ok    ok    ok    ok    no    ok
Mutation.createTask                 who   ok    ok    ok    no    no    ok
Mutation.cancelTask                 who   ok    ok    none  no    no    none
Mutation.replayDeadLetters          who   ok    ok    none  no    no    none
Query.taskSchedules                 who   ok    ok    no    no    no    no
Query.taskSchedule                  who   ok    ok    no    no    no    no
Mutation.createSchedule             who   ok    ok    no    no    no    no
Mutation.pauseSchedule              who   ok    ok    no    no    no    no
Mutation.resumeSchedule             who   ok    ok    no    no    no    no
Mutation.deleteSchedule             who   ok    ok    no    no    no    no
Query.taskQueues                    who   ok    ok    ok    ok    no    ok
Query.queueStats                    who   ok    ok    ok    ok    no    ok
Query.taskThroughput                who   ok    ok    ok    ok    no    ok
Query.taskWorkers                   who   ok    ok    no    no    no    no
Mutation.updateQueue                who   ok    ok    no    no    no    no
Mutation.pauseQueue                 who   ok    ok    no    no    no    no
Mutation.resumeQueue                who   ok    ok    no    no    no    no
Mutation.drainQueue                 who   ok    ok    no    no    no    no
Subscription.queueStats             who   ok    ok    ok    ok    no    ok
Subscription.taskEvents             who   ok    ok    none  none  no    none
Subscription.conversationEvents     who   ok    ok    ok    ok    no    ok
Subscription.runEvents              who   ok    ok    ok    ok    no    ok
# Live sessions are their own users' alone: that of another answers as one that there is not.
Query.liveSession                   who   ok    none  none  none  no    none
Query.openLiveSessions              who   ok    ok    ok    ok    no    ok
Mutation.startLiveSession           who   ok    ok    ok    no    no    ok
Mutation.sendLiveInput              who   none  none  none  no    no    none
Mutation.endLiveSession             who   none  none  none  none  no    none
Subscription.liveEvents             who   none  none  none  none  no    none
Subscription.roomPresence           who   ok    ok    ok    ok    no    ok
# The record of what was changed.
Query.eventTypes                    who   ok    ok    ok    ok    ok    ok
Query.events                        who   ok    ok    no    no    no    no
Subscription.eventStream            who   ok    ok    no    no    no    no
Query.auditLog                      who   ok    ok    no    no    no    no
Query.verifyAudit                   who   ok    ok    no    no    no    no
Query.auditCheckpoints              who   ok    ok    no    no    no    no
Query.auditKey                      who   ok    ok    no    no    no    no
Mutation.checkpointAudit            who   ok    ok    no    no    no    no
Mutation.exportAudit                who   ok    ok    no    no    no    no
Query.recordRetention               who   ok    ok    no    no    no    no
Mutation.setRecordRetention         who   ok    no    no    no    no    no
# Who is told of it.
Query.webhooks                      who   ok    ok    no    no    no    no
Query.webhook                       who   ok    ok    no    no    no    no
Query.webhookDeliveries             who   ok    ok    no    no    no    no
Query.webhookDelivery               who   ok    ok    no    no    no    no
Mutation.createWebhook              who   ok    ok    no    no    no    no
Mutation.updateWebhook              who   ok    ok    no    no    no    no
Mutation.deleteWebhook              who   ok    ok    no    no    no    no
Mutation.rotateWebhookSecret        who   ok    ok    no    no    no    no
Mutation.pauseWebhook               who   ok    ok    no    no    no    no
Mutation.resumeWebhook              who   ok    ok    no    no    no    no
Mutation.testWebhook                who   ok    ok    no    no    no    no
Mutation.replayWebhook              who   ok    ok    no    no    no    no
`;

/** The columns of the table, in order. */
export const CALLERS = ['nobody', 'owner', 'admin', 'member', 'viewer', 'key', 'service'] as const;

export type CallerName = (typeof CALLERS)[number];

/** What each caller is answered, by root field and caller. */
export const ROLE_TABLE: ReadonlyMap<string, Record<CallerName, string>> = new Map(
  TABLE.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...cells] = line.split(/ +/);
      if (cells.length !== CALLERS.length) throw new Error(`The row of ${name} has ${cells.length} cells.`);
      return [
        name,
        Object.fromEntries(CALLERS.map((caller, index) => [caller, cells[index]])) as Record<CallerName, string>,
      ];
    }),
);
