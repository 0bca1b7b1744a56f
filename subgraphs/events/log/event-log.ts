import type { Database } from '#core/database/database';
import { encodeCursor, type Page, type PageArgs, readPage, toPage } from '#core/graphql/pagination';
import type { Viewer } from '#core/viewer';
import type { EventFilter, EventRecordType } from './event.type.ts';
import { type EventWish, readFilter } from './event-filter.ts';
import { EVENT_COLUMNS, type EventRow, presentEvent } from './event-row.ts';
import type { RoomSight } from './room-sight.ts';

/** How far events are counted, and how many are looked at for one page where most are of rooms that the viewer does not see. */
const MAX_COUNTED = 10_000;
const LOOKED_AT_ONCE = 500;
const MAX_LOOKED_AT = 10_000;

/** The log of what happened in an organization. */
export class EventLog {
  constructor(
    private readonly database: Pick<Database, 'scopedPool'>,
    private readonly rooms: RoomSight,
  ) {}

  /** The events that fit, the newest first. @throws ParleyError `BAD_USER_INPUT` */
  async list(viewer: Viewer, filter: EventFilter | null | undefined, args: PageArgs): Promise<Page<EventRecordType>> {
    const wish = readFilter(filter);
    const request = readPage(args, { parse: readEventPlace });
    const { rows, lookedTo } = await this.look(viewer, wish, request.cursor, request.limit + 1);
    const page = toPage(request, rows, {
      cursorOf: ({ seq }) => eventCursor(seq),
      present: presentEvent,
      totalCount: async () => (await this.look(viewer, wish, null, MAX_COUNTED)).rows.length,
    });
    // Where so many were of other rooms that the page is not full, the next one goes on from where this one gave up.
    if (lookedTo === null || rows.length > request.limit) return page;
    return { ...page, pageInfo: { ...page.pageInfo, hasNextPage: true, endCursor: eventCursor(lookedTo) } };
  }

  /** What follows `after`, the oldest first, whatever it is. */
  async following(after: number, limit: number): Promise<EventRow[]> {
    const { rows } = await this.database.scopedPool.query<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM event_records e WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`,
      [after, limit],
    );
    return rows;
  }

  /** The visible ones behind a place, and where the search was given up, if it was. */
  private async look(viewer: Viewer, wish: EventWish, behind: number | null, size: number) {
    const found: EventRow[] = [];
    if (!wish.isPossible) return { rows: found, lookedTo: null };
    const all = this.rooms.seesAll(viewer);
    const step = all ? size : Math.max(LOOKED_AT_ONCE, size);
    let place = behind;
    for (let looked = 0; looked < MAX_LOOKED_AT; looked += step) {
      const rows = await this.read(wish, place, step);
      found.push(...(await this.rooms.visible(viewer, rows)));
      if (all || rows.length < step || found.length >= size) return { rows: found.slice(0, size), lookedTo: null };
      place = rows.at(-1)?.seq ?? place;
    }
    return { rows: found, lookedTo: place };
  }

  private async read(wish: EventWish, behind: number | null, size: number): Promise<EventRow[]> {
    const { types, actorId, subjectId, conversationId, since, until, search } = wish;
    const values = [types, actorId, subjectId, conversationId, since, until, behind, size];
    const { rows } = await this.database.scopedPool.query<EventRow>(
      search === null ? `${READ} ${PAGE}` : `${READ} AND ${FOUND} ${PAGE}`,
      search === null ? values : [...values, search],
    );
    return rows;
  }
}

export const eventCursor = (seq: number): string => encodeCursor('ev', seq);

/** The `seq` of a cursor's content, or null where it is none of the log. */
export const readEventPlace = ([kind, seq]: string[]): number | null =>
  kind === 'ev' && seq !== undefined && /^\d{1,15}$/.test(seq) ? Number(seq) : null;

const READ = `
  SELECT ${EVENT_COLUMNS} FROM event_records e
  WHERE ($1::text[] IS NULL OR e.type = ANY($1)) AND ($2::uuid IS NULL OR e.actor_id = $2)
    AND ($3::uuid IS NULL OR e.subject_id = $3) AND ($4::uuid IS NULL OR e.conversation_id = $4)
    AND ($5::timestamptz IS NULL OR e.occurred_at >= $5) AND ($6::timestamptz IS NULL OR e.occurred_at < $6)
    AND ($7::bigint IS NULL OR e.seq < $7)`;
const FOUND = `e.seq IN (SELECT f.seq FROM parley_search_events(parley_search_query($9::text), $7::bigint, NULL) f)`;
const PAGE = 'ORDER BY e.seq DESC LIMIT $8';
