import { isId } from '#core/id';
import type { OutboxEvent } from '#core/outbox/event';
import { findEventType } from './catalog.ts';

type Fields = Record<string, unknown>;

/** An event taken apart: what may be shown to whoever may see it, and what says who somebody is. */
export interface ReadEvent {
  /** 0 for a type that the catalog does not have: then nothing of its payload is let through. */
  version: number;
  subjectKind: string | null;
  subjectId: string | null;
  /** The room that it happened in. */
  conversationId: string | null;
  /** What the catalog knows of the payload, without what is personal and what was changed. */
  data: Fields;
  before: unknown;
  after: unknown;
  /** What says who somebody is, by whose it is; null where there is nothing of it. */
  personal: Record<'actor' | 'subject', { userId: string | null; fields: Fields } | null>;
}

const idOr = (value: unknown): string | null => (typeof value === 'string' && isId(value) ? value : null);

const pick = (payload: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.filter((name) => payload[name] !== undefined).map((name) => [name, payload[name]]));

const some = (fields: Fields): Fields | null => (Object.keys(fields).length > 0 ? fields : null);

/** Takes an event apart by its entry in the catalog. What the entry does not name is left behind. */
export function readEvent(event: Pick<OutboxEvent, 'orgId' | 'type' | 'payload' | 'actor'>): ReadEvent {
  const { orgId, type, payload, actor } = event;
  const entry = findEventType(type);
  const from = Object.fromEntries(
    Object.entries({ ip: actor?.ip, userAgent: actor?.userAgent }).filter(([, value]) => value != null),
  );
  const ofActor = actor && some(from) ? { userId: actor.userId, fields: from } : null;
  if (!entry) {
    const nothing = { version: 0, subjectKind: null, subjectId: null, conversationId: null, before: null, after: null };
    return { ...nothing, data: {}, personal: { actor: ofActor, subject: null } };
  }
  const { change, personal, subject } = entry;
  const names = Object.keys(entry.payload.shape);
  const open = names.filter((name) => !personal.fields.includes(name));
  const changed = [change.before, change.after];
  const about = some(pick(payload, personal.fields));
  return {
    version: entry.version,
    subjectKind: subject.kind,
    subjectId: subject.field === null ? orgId : idOr(payload[subject.field]),
    conversationId: names.includes('conversationId') ? idOr(payload.conversationId) : null,
    data: pick(
      payload,
      open.filter((name) => !changed.includes(name)),
    ),
    before: open.includes(change.before) ? (payload[change.before] ?? null) : null,
    after: open.includes(change.after) ? (payload[change.after] ?? null) : null,
    personal: {
      actor: ofActor,
      subject: about && { userId: personal.userField ? idOr(payload[personal.userField]) : null, fields: about },
    },
  };
}
