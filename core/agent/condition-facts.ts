import type { ConditionFacts } from '#core/condition/condition';

/** What the rules of a router may be about: `hour` and `weekday` (from 0, Sunday) are in UTC, `agents` the keys of nodes. */
export const ROUTER_FACTS: ConditionFacts = {
  input: 'string',
  author: 'string',
  room: 'string',
  agents: 'list<string>',
  hour: 'int',
  weekday: 'int',
};

/** What the rules of a group chat may be about: `lastSpeaker` is the key of a node, empty before the first turn. */
export const GROUP_CHAT_FACTS: ConditionFacts = {
  last: 'string',
  lastSpeaker: 'string',
  round: 'int',
  input: 'string',
};

/** What the approval of a tool's call may depend on. */
export const APPROVAL_FACTS: ConditionFacts = {
  args: 'map<string, dyn>',
  tool: 'string',
  agent: 'string',
  input: 'string',
};
