/**
 * Has the writers of one room wait for each other in this process, before they take a database connection. The room's
 * lock alone would have each of them wait with a connection in hand: a storm in one room would leave none to anybody
 * else.
 */
export class RoomTurns {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Does the work once all earlier work on the room has ended, whether or not it succeeded. */
  async take<T>(roomId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.last.get(roomId) ?? Promise.resolve()).then(work);
    const ended = turn.catch(() => {});
    this.last.set(roomId, ended);
    try {
      return await turn;
    } finally {
      if (this.last.get(roomId) === ended) this.last.delete(roomId);
    }
  }
}
