import { Arg, Ctx, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import { z } from 'zod';
import { EVENT_CATALOG } from '#core/event/catalog';
import type { RequestContext } from '#core/request-context';
import { requireViewer } from '#core/viewer';
import { EventArrivalType, EventConnection, EventFilter, EventStreamFilter, EventTypeType } from './event.type.ts';
import { type FollowOptions, followEvents } from './event-follow.ts';

interface FollowArgs {
  filter?: EventStreamFilter | null;
  after?: string | null;
}

/** type-graphql makes the stream outside of any instance, so the log comes with the class. */
export function createEventResolver(options: FollowOptions): object {
  const follow = ({ args, context }: { args: FollowArgs; context: RequestContext }) =>
    followEvents(requireViewer(context.viewer), args.filter, args.after, options);

  @Resolver()
  class EventResolver {
    @Query(() => EventConnection, {
      description:
        'What was changed in your organization, the newest first. What happened in a room is shown to those who may read it.',
    })
    events(
      @Ctx() context: RequestContext,
      @Arg('filter', () => EventFilter, { nullable: true }) filter?: EventFilter | null,
      @Arg('first', () => Int, { nullable: true, description: '20 unless given; 100 at most.' }) first?: number | null,
      @Arg('after', () => String, { nullable: true }) after?: string | null,
    ) {
      return options.log.list(requireViewer(context.viewer), filter, { first, after });
    }

    @Query(() => [EventTypeType], {
      description: 'The catalog of events: every type that there is, and what it tells.',
    })
    eventTypes(): EventTypeType[] {
      return CATALOG;
    }

    @Subscription(() => EventArrivalType, {
      subscribe: follow as never,
      description:
        'What is changed in your organization, in the order of the log. With `after`, the cursor of the last event that you have, it goes on from there: nothing is missed and nothing comes twice. Without it, it starts now.',
    })
    eventStream(
      @Root() arrival: EventArrivalType,
      @Arg('filter', () => EventStreamFilter, { nullable: true }) _filter?: EventStreamFilter | null,
      @Arg('after', () => String, { nullable: true }) _after?: string | null,
    ): EventArrivalType {
      return arrival;
    }
  }
  return new EventResolver();
}

const CATALOG: EventTypeType[] = Object.entries(EVENT_CATALOG)
  .map(([name, { version, description, subject, payload, personal }]) => ({
    name,
    version,
    description,
    subjectKind: subject.kind,
    schema: z.toJSONSchema(payload.omit(Object.fromEntries(personal.fields.map((field) => [field, true])) as never), {
      io: 'input',
    }) as Record<string, unknown>,
    personalFields: [...personal.fields],
  }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
