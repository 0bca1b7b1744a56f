import { z } from 'zod';

/** What is known of one type of event: its entry in the catalog. */
export interface EventType {
  /** Raised when a field changes its meaning or goes. */
  version: number;
  /** What has happened, for whoever chooses events. */
  description: string;
  /** Everything that an event of it may carry. What is not named here goes no further than the outbox. */
  payload: z.ZodObject;
  /** What it is about: the kind of thing, and the field that holds its id; without a field, the organization. */
  subject: { kind: string; field: string | null };
  /**
   * Fields that say who somebody is, and the field that holds his id, if it is known: they go into the audit trail
   * alone, where they can be taken out of, and nowhere else.
   */
  personal: { fields: readonly string[]; userField: string | null };
  /** The fields that hold what was changed as it was before, and as it is now. */
  change: { before: string; after: string };
}

/** The types of events of one part of Parley, by name. */
export type EventTypes = Readonly<Record<string, EventType>>;

interface EventTypeOptions {
  version?: number;
  personal?: EventType['personal'];
  change?: EventType['change'];
}

/**
 * Declares a type of event.
 * @param subject The kind of thing that it is about and the field of its id, such as `AGENT agentId`; the kind alone for
 *   what has no id of its own.
 */
export function eventType(
  description: string,
  subject: string,
  payload: z.ZodRawShape,
  options: EventTypeOptions = {},
): EventType {
  const [kind = '', field = null] = subject.split(' ');
  return {
    version: options.version ?? 1,
    description,
    payload: z.object(payload),
    subject: { kind, field },
    personal: options.personal ?? { fields: [], userField: null },
    change: options.change ?? { before: 'before', after: 'after' },
  };
}

/** The kinds of fields that events are made of. */
export const field = {
  id: z.uuid(),
  ids: z.array(z.uuid()),
  optionalId: z.uuid().nullish(),
  text: z.string(),
  texts: z.array(z.string()),
  optionalText: z.string().nullish(),
  count: z.int(),
  optionalCount: z.int().nullish(),
  flag: z.boolean(),
  /** Some of the settings of a thing, by name: never its secrets. */
  settings: z.record(z.string(), z.json()).nullish(),
} as const;
