/** Who is in a room now and who types, as ids of users. */
export interface Presence {
  here: string[];
  typing: string[];
}

/**
 * What one process knows of who is in a room: its own subscribers, what other processes have told of theirs, and who
 * types. All of it ends by itself unless it is told of again. Pure: moments are given, in milliseconds.
 */
export class RoomState {
  private readonly attending = new Map<string, number>();
  private readonly elsewhere = new Map<string, { here: string[]; until: number }>();
  private readonly typing = new Map<string, number>();

  /** One more subscription of this process. */
  enter(userId: string): void {
    this.attending.set(userId, (this.attending.get(userId) ?? 0) + 1);
  }

  /** One less. */
  leave(userId: string): void {
    const left = (this.attending.get(userId) ?? 0) - 1;
    if (left > 0) this.attending.set(userId, left);
    else this.attending.delete(userId);
  }

  /** What another process says of all its subscribers, in place of what it said before. */
  hear(process: string, here: string[], until: number): void {
    if (here.length > 0) this.elsewhere.set(process, { here, until });
    else this.elsewhere.delete(process);
  }

  /** @param until 0 where he has stopped. */
  type(userId: string, until: number): void {
    if (until > 0) this.typing.set(userId, until);
    else this.typing.delete(userId);
  }

  /** Forgets processes that were silent for too long, and typing that was not told of again. */
  expire(now: number): void {
    for (const [process, { until }] of this.elsewhere) if (until <= now) this.elsewhere.delete(process);
    for (const [userId, until] of this.typing) if (until <= now) this.typing.delete(userId);
  }

  /** Whether there is nothing in it that this process would have to tell others. */
  get isIdle(): boolean {
    return this.attending.size === 0 && this.typing.size === 0;
  }

  /** The subscribers of this process. */
  get own(): string[] {
    return [...this.attending.keys()];
  }

  /** Who types, and for how much longer unless he goes on, in milliseconds. */
  typingFor(now: number): [string, number][] {
    return [...this.typing].map(([userId, until]) => [userId, until - now]);
  }

  /** Everybody once, in an order that does not depend on who came first where. */
  get presence(): Presence {
    const here = new Set(this.own);
    for (const process of this.elsewhere.values()) for (const userId of process.here) here.add(userId);
    return { here: [...here].sort(), typing: [...this.typing.keys()].sort() };
  }
}
