import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import type { StreamAppend } from '#core/stream/event';
import type { Streams } from '#core/stream/streams';
import type { Room } from './conversation-event.ts';
import { lockRoom } from './room-lock.ts';
import type { RoomTurns } from './room-turn.ts';

/** What was done in a room, and the events that tell of it. */
export interface Written<T> {
  made: T;
  appends: StreamAppend[];
}

/** Writes in a room, one caller after the other: in one transaction that holds the room, shown once it is committed. */
export class RoomWriter {
  constructor(
    private readonly transactions: Transactions,
    private readonly streams: Streams,
    private readonly turns: RoomTurns,
  ) {}

  /** @throws ParleyError `NOT_FOUND` where the room was deleted meanwhile. */
  write<T>(room: Room, work: (unit: Unit<RawTransaction>) => Promise<Written<T>>): Promise<T> {
    return this.turns.take(room.id, () =>
      this.transactions.direct(async (unit) => {
        await lockRoom(unit.tx, room.id);
        const { made, appends } = await work(unit);
        if (appends.length > 0) {
          const events = await this.streams.appendIn(unit.tx, appends);
          unit.afterCommit(() => this.streams.publish(room.id, events));
        }
        return made;
      }),
    );
  }
}
