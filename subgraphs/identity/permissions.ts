import { anyone, authenticated, permitted, permittedAny } from '#core/subgraph/rule';

/**
 * Who gets as far as each field; what is left out is denied. Which rows he then meets is for the services to say.
 * Fields that are reached from a log-in are open, since whoever is just logging in is not yet anybody: what they hang
 * from is handed out to its owner alone, and references to entities find nothing without a viewer.
 */
export const permissions = {
  Query: {
    // `@inaccessible`: out of reach from outside, asked by the gateway before there is a viewer.
    authenticate: anyone,
    recheckCredentials: anyone,
    viewer: anyone,
    principal: authenticated,
    logInProviders: anyone,
    // Whoever holds the token of an invitation may see where it leads.
    invitationPreview: anyone,
    organization: permitted('organization:read'),
    organizations: authenticated,
    sessions: authenticated,
    linkedAccounts: authenticated,
    permissions: authenticated,
    roles: permitted('organization:read'),
    apiKeys: permittedAny('api_keys:manage', 'api_keys:manage_all', 'service_accounts:manage'),
    invitations: permitted('members:manage'),
    serviceAccounts: permitted('service_accounts:manage'),
  },
  Mutation: {
    // `@inaccessible`: called by the server at its first start.
    foundInstallation: anyone,
    signUp: anyone,
    logIn: anyone,
    refreshSession: anyone,
    startOAuthLogIn: anyone,
    completeOAuthLogIn: anyone,
    acceptInvitation: anyone,
    logOut: authenticated,
    revokeSession: authenticated,
    switchOrganization: authenticated,
    updateProfile: authenticated,
    changePassword: authenticated,
    linkAccount: authenticated,
    unlinkAccount: authenticated,
    createOrganization: authenticated,
    erasePerson: authenticated,
    leaveOrganization: authenticated,
    updateOrganization: permitted('organization:manage'),
    changeMemberRole: permitted('members:manage'),
    removeMember: permitted('members:manage'),
    createInvitation: permitted('members:manage'),
    revokeInvitation: permitted('members:manage'),
    createRole: permitted('roles:manage'),
    updateRole: permitted('roles:manage'),
    deleteRole: permitted('roles:manage'),
    createApiKey: permittedAny('api_keys:manage', 'service_accounts:manage'),
    revokeApiKey: permittedAny('api_keys:manage', 'api_keys:manage_all', 'service_accounts:manage'),
    createServiceAccount: permitted('service_accounts:manage'),
    updateServiceAccount: permitted('service_accounts:manage'),
    disableServiceAccount: permitted('service_accounts:manage'),
    enableServiceAccount: permitted('service_accounts:manage'),
  },
  ApiKeyConnection: {
    edges: authenticated,
    nodes: authenticated,
    pageInfo: authenticated,
    totalCount: authenticated,
  },
  ApiKeyEdge: {
    cursor: authenticated,
    node: authenticated,
  },
  ApiKey: {
    id: authenticated,
    name: authenticated,
    prefix: authenticated,
    scopes: authenticated,
    principal: authenticated,
    createdBy: authenticated,
    createdAt: authenticated,
    expiresAt: authenticated,
    lastUsedAt: authenticated,
    revokedAt: authenticated,
  },
  User: {
    id: anyone,
    kind: anyone,
    name: anyone,
    email: anyone,
    createdAt: anyone,
  },
  PageInfo: {
    hasNextPage: authenticated,
    hasPreviousPage: authenticated,
    startCursor: authenticated,
    endCursor: authenticated,
  },
  Viewer: {
    user: anyone,
    organization: anyone,
    role: anyone,
    permissions: anyone,
    credential: anyone,
  },
  Organization: {
    id: anyone,
    name: anyone,
    createdAt: anyone,
    members: permitted('organization:read'),
  },
  MemberConnection: {
    edges: authenticated,
    nodes: authenticated,
    pageInfo: authenticated,
    totalCount: authenticated,
  },
  MemberEdge: {
    cursor: authenticated,
    node: authenticated,
  },
  Member: {
    id: authenticated,
    user: authenticated,
    role: authenticated,
    joinedAt: authenticated,
  },
  Role: {
    id: anyone,
    name: anyone,
    builtIn: anyone,
    description: anyone,
    permissions: anyone,
  },
  Credential: {
    id: anyone,
    kind: anyone,
    expiresAt: anyone,
  },
  AuthenticatedViewer: {
    userId: anyone,
    userKind: anyone,
    orgId: anyone,
    role: anyone,
    permissions: anyone,
    credential: anyone,
  },
  Principal: { userKind: authenticated, permissions: authenticated },
  AuthenticatedCredential: {
    kind: anyone,
    id: anyone,
    expiresAt: anyone,
  },
  InvitationConnection: {
    edges: authenticated,
    nodes: authenticated,
    pageInfo: authenticated,
    totalCount: authenticated,
  },
  InvitationEdge: {
    cursor: authenticated,
    node: authenticated,
  },
  Invitation: {
    id: authenticated,
    email: authenticated,
    role: authenticated,
    state: authenticated,
    invitedBy: authenticated,
    createdAt: authenticated,
    expiresAt: authenticated,
  },
  InvitationPreview: {
    email: anyone,
    organizationName: anyone,
    expiresAt: anyone,
    hasAccount: anyone,
  },
  LogInProvider: {
    id: anyone,
    name: anyone,
  },
  LinkedAccount: {
    id: authenticated,
    provider: authenticated,
    email: authenticated,
    createdAt: authenticated,
    lastUsedAt: authenticated,
  },
  OrganizationConnection: {
    edges: authenticated,
    nodes: authenticated,
    pageInfo: authenticated,
    totalCount: authenticated,
  },
  OrganizationEdge: {
    cursor: authenticated,
    node: authenticated,
  },
  Permission: {
    name: authenticated,
    description: authenticated,
  },
  ServiceAccountConnection: {
    edges: authenticated,
    nodes: authenticated,
    pageInfo: authenticated,
    totalCount: authenticated,
  },
  ServiceAccountEdge: {
    cursor: authenticated,
    node: authenticated,
  },
  ServiceAccount: {
    id: authenticated,
    name: authenticated,
    role: authenticated,
    createdAt: authenticated,
    disabledAt: authenticated,
  },
  SessionConnection: {
    edges: authenticated,
    nodes: authenticated,
    pageInfo: authenticated,
    totalCount: authenticated,
  },
  SessionEdge: {
    cursor: authenticated,
    node: authenticated,
  },
  Session: {
    id: authenticated,
    organization: authenticated,
    current: authenticated,
    ip: authenticated,
    userAgent: authenticated,
    createdAt: authenticated,
    lastSeenAt: authenticated,
    expiresAt: authenticated,
  },
  UpdateProfilePayload: {
    user: authenticated,
  },
  ChangePasswordPayload: {
    revokedSessions: authenticated,
  },
  CreateApiKeyPayload: {
    apiKey: authenticated,
    secret: authenticated,
  },
  RevokeApiKeyPayload: {
    apiKey: authenticated,
  },
  FoundInstallationPayload: {
    userId: anyone,
    organizationId: anyone,
  },
  CreateInvitationPayload: {
    invitation: authenticated,
    token: authenticated,
  },
  RevokeInvitationPayload: {
    invitation: authenticated,
  },
  SessionPayload: {
    accessToken: anyone,
    refreshToken: anyone,
    expiresAt: anyone,
    sessionExpiresAt: anyone,
    viewer: anyone,
  },
  ChangeMemberRolePayload: {
    member: authenticated,
  },
  RemoveMemberPayload: {
    removedMemberId: authenticated,
  },
  ErasePersonPayload: { erasedUserId: authenticated, accountErased: authenticated },
  LeaveOrganizationPayload: {
    leftOrganizationId: authenticated,
  },
  StartOAuthLogInPayload: {
    authorizationUrl: anyone,
    attempt: anyone,
  },
  LinkAccountPayload: {
    linkedAccount: authenticated,
  },
  UnlinkAccountPayload: {
    unlinkedAccountId: authenticated,
  },
  UpdateOrganizationPayload: {
    organization: authenticated,
  },
  CreateOrganizationPayload: {
    organization: authenticated,
  },
  CreateRolePayload: {
    role: authenticated,
  },
  UpdateRolePayload: {
    role: authenticated,
  },
  DeleteRolePayload: {
    deletedRoleId: authenticated,
  },
  CreateServiceAccountPayload: {
    serviceAccount: authenticated,
  },
  UpdateServiceAccountPayload: {
    serviceAccount: authenticated,
  },
  DisableServiceAccountPayload: {
    serviceAccount: authenticated,
  },
  EnableServiceAccountPayload: {
    serviceAccount: authenticated,
  },
  LogOutPayload: {
    sessionId: authenticated,
  },
  RevokeSessionPayload: {
    revokedSessionId: authenticated,
  },
};
