import { AGENT_EVENTS } from './agent-events.ts';
import { CONVERSATION_EVENTS } from './conversation-events.ts';
import type { EventType, EventTypes } from './event-type.ts';
import { IDENTITY_EVENTS } from './identity-events.ts';
import { RECORD_EVENTS } from './record-events.ts';
import { RULE_EVENTS } from './rule-events.ts';
import { TASK_EVENTS } from './task-events.ts';

/** Every type of event that there is. A part of Parley adds its own file, and a line here. */
export const EVENT_CATALOG: EventTypes = {
  ...IDENTITY_EVENTS,
  ...AGENT_EVENTS,
  ...CONVERSATION_EVENTS,
  ...TASK_EVENTS,
  ...RULE_EVENTS,
  ...RECORD_EVENTS,
};

/** The entry of a type, or null for one that is not in the catalog. */
export const findEventType = (name: string): EventType | null =>
  Object.hasOwn(EVENT_CATALOG, name) ? (EVENT_CATALOG[name] ?? null) : null;

/** Whether a pattern stands for a type: its name, the beginning of it as in `agent.*`, or `*` for all. */
export function matchesType(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1));
}

/** The types of the catalog that a pattern stands for. */
export const typesOf = (pattern: string): string[] =>
  Object.keys(EVENT_CATALOG).filter((name) => matchesType(pattern, name));
