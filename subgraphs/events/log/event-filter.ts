import { z } from 'zod';
import { typesOf } from '#core/event/catalog';
import { isId } from '#core/id';
import { isStorable, toWholeCharacters } from '#core/storable-text';
import { validate } from '#core/validate';
import type { EventFilter } from './event.type.ts';

/** The types that patterns stand for. @throws ZodError with the place of each that stands for none. */
export const typePatterns = z
  .array(
    z.string().refine((pattern) => typesOf(pattern).length > 0, 'No type of event is called that: see `eventTypes`.'),
  )
  .min(1)
  .max(50);

const filterSchema = z.object({
  types: typePatterns.nullish(),
  actorId: z.string().nullish(),
  subjectId: z.string().nullish(),
  conversationId: z.string().nullish(),
  since: z.date().nullish(),
  until: z.date().nullish(),
  search: z
    .string()
    .trim()
    .min(1, 'Say what to search for.')
    .max(200)
    .refine(isStorable, 'It holds a character that cannot be stored.')
    .transform(toWholeCharacters)
    .nullish(),
});

/** A filter that was checked. */
export interface EventWish {
  types: string[] | null;
  actorId: string | null;
  subjectId: string | null;
  conversationId: string | null;
  since: Date | null;
  until: Date | null;
  search: string | null;
  /** Whether anything can fit: an id that is none fits nothing. */
  isPossible: boolean;
}

/** @throws ParleyError `BAD_USER_INPUT` */
export function readFilter(input: EventFilter | null | undefined): EventWish {
  const filter = validate(filterSchema, input ?? {}, 'filter');
  const { actorId = null, subjectId = null, conversationId = null, since = null, until = null } = filter;
  return {
    types: filter.types ? [...new Set(filter.types.flatMap(typesOf))] : null,
    actorId,
    subjectId,
    conversationId,
    since,
    until,
    search: filter.search ?? null,
    isPossible: [actorId, subjectId, conversationId].every((id) => id === null || isId(id)),
  };
}
