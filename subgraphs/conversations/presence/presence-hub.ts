import type { Bus } from '#core/bus/bus';
import { type Presence, RoomState } from './room-state.ts';

/** In milliseconds. */
export interface PresenceTimings {
  /** How often a process tells again who is here, and how often it looks for what has ended. */
  beatMs: number;
  /** How long a process may be silent before its subscribers are gone with it. */
  forgetMs: number;
  /** How long somebody types who does not say so again. */
  typingMs: number;
  /** How long the first subscriber of a room waits for what other processes have to say. */
  answerMs: number;
}

export const PRESENCE_TIMINGS: PresenceTimings = { beatMs: 2_000, forgetMs: 7_000, typingMs: 6_000, answerMs: 100 };

/** What processes tell each other of a room; whole, so that a later one makes up for one that was lost. */
type Message =
  | { from: string; kind: 'ASK' }
  | { from: string; kind: 'STATE'; here: string[]; typing: [string, number][] }
  | { from: string; kind: 'TYPING'; userId: string; forMs: number };

interface OpenRoom {
  state: RoomState;
  watchers: Set<(presence: Presence) => void>;
  shown: string;
  joined: Promise<() => void>;
  /** Resolves once other processes have had the time to answer. */
  answered: Promise<void>;
}

/**
 * Who is in which room and who types, over all processes. Nothing of it is stored: each process tells the others on the
 * bus of its own, again and again, and forgets those that have fallen silent.
 */
export class PresenceHub {
  private readonly rooms = new Map<string, OpenRoom>();
  private readonly timer: NodeJS.Timeout;
  private readonly stopGap: () => void;

  constructor(
    private readonly bus: Bus,
    private readonly processId: string,
    private readonly timings: PresenceTimings = PRESENCE_TIMINGS,
  ) {
    this.timer = setInterval(() => this.beat(), timings.beatMs);
    this.timer.unref();
    this.stopGap = bus.onGap(() => {
      for (const roomId of this.rooms.keys()) this.send(roomId, { kind: 'ASK', from: this.processId });
    });
  }

  /** Counts a subscription of somebody until the function returned is called. */
  attend(roomId: string, userId: string): () => void {
    const room = this.open(roomId);
    room.state.enter(userId);
    this.changed(roomId, room);
    let here = true;
    return () => {
      if (!here) return;
      here = false;
      room.state.leave(userId);
      this.changed(roomId, room);
    };
  }

  /** Shows the present state, soon, and every other one after it, until the function returned is called. */
  watch(roomId: string, watcher: (presence: Presence) => void): () => void {
    const room = this.open(roomId);
    let watching = false;
    const shown = (presence: Presence) => watching && watcher(presence);
    room.watchers.add(shown);
    void room.answered.then(() => {
      watching = room.watchers.has(shown);
      shown(room.state.presence);
    });
    return () => {
      watching = false;
      room.watchers.delete(shown);
      this.closeIfIdle(roomId, room);
    };
  }

  /** Somebody types, or has stopped. @returns for how long that is shown, in milliseconds. */
  type(roomId: string, userId: string, typing: boolean): number {
    const room = this.open(roomId);
    const forMs = typing ? this.timings.typingMs : 0;
    room.state.type(userId, typing ? Date.now() + forMs : 0);
    this.send(roomId, { kind: 'TYPING', from: this.processId, userId, forMs });
    this.show(room);
    this.closeIfIdle(roomId, room);
    return forMs;
  }

  /** Tells the others that nobody is here any more. */
  close(): void {
    clearInterval(this.timer);
    this.stopGap();
    for (const [roomId, { joined }] of this.rooms) {
      this.send(roomId, { kind: 'STATE', from: this.processId, here: [], typing: [] });
      joined.then((leave) => leave()).catch(() => {});
    }
    this.rooms.clear();
  }

  private open(roomId: string): OpenRoom {
    const known = this.rooms.get(roomId);
    if (known) return known;
    const joined = this.bus.subscribe(channelOf(roomId), (text) => this.hear(roomId, JSON.parse(text) as Message));
    const answered = joined.then(
      () => {
        this.send(roomId, { kind: 'ASK', from: this.processId });
        return new Promise<void>((resolve) => void setTimeout(resolve, this.timings.answerMs).unref());
      },
      // While the bus is away there is only what this process knows.
      () => {},
    );
    const room = {
      state: new RoomState(),
      watchers: new Set<(presence: Presence) => void>(),
      shown: '',
      joined,
      answered,
    };
    this.rooms.set(roomId, room);
    return room;
  }

  private closeIfIdle(roomId: string, room: OpenRoom): void {
    if (room.watchers.size > 0 || !room.state.isIdle || this.rooms.get(roomId) !== room) return;
    this.rooms.delete(roomId);
    room.joined.then((leave) => leave()).catch(() => {});
  }

  private hear(roomId: string, message: Message): void {
    const room = this.rooms.get(roomId);
    if (!room || message.from === this.processId) return;
    const now = Date.now();
    if (message.kind === 'ASK') this.tell(roomId, room);
    if (message.kind === 'TYPING') room.state.type(message.userId, message.forMs > 0 ? now + message.forMs : 0);
    if (message.kind === 'STATE') {
      room.state.hear(message.from, message.here, now + this.timings.forgetMs);
      for (const [userId, forMs] of message.typing) room.state.type(userId, now + forMs);
    }
    this.show(room);
  }

  private beat(): void {
    for (const [roomId, room] of this.rooms) {
      room.state.expire(Date.now());
      if (!room.state.isIdle) this.tell(roomId, room);
      this.show(room);
      this.closeIfIdle(roomId, room);
    }
  }

  private changed(roomId: string, room: OpenRoom): void {
    this.tell(roomId, room);
    this.show(room);
    this.closeIfIdle(roomId, room);
  }

  private tell(roomId: string, { state }: OpenRoom): void {
    this.send(roomId, {
      kind: 'STATE',
      from: this.processId,
      here: state.own,
      typing: state.typingFor(Date.now()),
    });
  }

  private show(room: OpenRoom): void {
    const { presence } = room.state;
    const shown = JSON.stringify(presence);
    if (shown === room.shown) return;
    room.shown = shown;
    for (const watcher of room.watchers) watcher(presence);
  }

  private send(roomId: string, message: Message): void {
    this.bus.publish(channelOf(roomId), JSON.stringify(message));
  }
}

const channelOf = (roomId: string): string => `presence:${roomId}`;
