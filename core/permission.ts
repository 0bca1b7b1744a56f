/**
 * Everything that a caller can be allowed to do: the closed list that roles and API key scopes are made of.
 * The value is the sentence that the role editor shows.
 */
export const PERMISSIONS = {
  'organization:read': 'See the organization and who belongs to it.',
  'organization:manage': 'Change the settings of the organization.',
  'members:manage': 'Invite, remove and change the role of members.',
  'roles:manage': 'Create and change custom roles.',
  'service_accounts:manage': 'Create, change and disable service accounts and their API keys.',
  'api_keys:manage': 'Create and revoke API keys of one’s own.',
  'api_keys:manage_all': 'See and revoke the API keys of everybody in the organization.',
  'sessions:manage_all': 'See and revoke the sessions of everybody in the organization.',
  'agents:read': 'See agents, their versions and the models on offer.',
  'agents:write': 'Create agents and edit their drafts.',
  'agents:publish': 'Publish, roll back and archive agents.',
  'memory:read': 'See what agents keep in mind, and what they keep in mind of oneself.',
  'memory:write': 'Change what agents keep in mind.',
  'conversations:read': 'Read the conversations that one takes part in.',
  'conversations:write': 'Create conversations and send messages in those that one takes part in.',
  'conversations:read_all': 'Read every conversation of the organization.',
  'conversations:take_over': 'Silence the agents of conversations that one takes part in, and let them answer again.',
  'conversations:manage_all': 'Change and delete every conversation of the organization.',
  'runs:cancel': 'Cancel runs in conversations that one can write in.',
  'runs:approve': 'Decide what agents ask for in conversations that one can write in, such as calls of tools.',
  'budgets:read': 'See the limits of tokens, and what is used of them.',
  'budgets:manage': 'Set and remove limits of tokens.',
  'events:read': 'See what is changed in the organization; what happens in rooms, of those that one may read.',
  'audit:read': 'See, check and export the audit trail of the whole organization.',
  'webhooks:manage': 'Say which addresses are told of events.',
  'rules:read': 'See rules and what they have decided.',
  'rules:write': 'Create, change and delete rules.',
  'tasks:read': 'See the tasks that are done on one’s behalf, and the state of the queues.',
  'tasks:write': 'Create tasks, cancel those on one’s behalf, and begin again what of them is dead.',
  'tasks:manage': 'See and change every task, its queues and the workers.',
  'schedules:manage': 'Create, change, pause and delete schedules of tasks.',
} as const satisfies Record<string, string>;

/** One thing that a caller can be allowed to do, such as `agents:publish`. */
export type Permission = keyof typeof PERMISSIONS;

export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

export const isPermission = (value: string): value is Permission => Object.hasOwn(PERMISSIONS, value);

/** The roles that every organization has. Their permissions are code, so that an upgrade can extend them. */
export const BUILT_IN_ROLES = {
  OWNER: ALL_PERMISSIONS,
  ADMIN: ALL_PERMISSIONS.filter((permission) => permission !== 'organization:manage'),
  MEMBER: [
    'organization:read',
    'api_keys:manage',
    'agents:read',
    'agents:write',
    'memory:read',
    'memory:write',
    'conversations:read',
    'conversations:write',
    'conversations:take_over',
    'runs:cancel',
    'runs:approve',
    'budgets:read',
    'rules:read',
    'tasks:read',
    'tasks:write',
  ],
  VIEWER: ['organization:read', 'agents:read', 'memory:read', 'conversations:read', 'tasks:read'],
} as const satisfies Record<string, readonly Permission[]>;

export type BuiltInRoleName = keyof typeof BUILT_IN_ROLES;
