import type { Bus } from '#core/bus/bus';
import type { Logger } from '#core/log';
import { onViewerChange } from '#core/viewer-change';
import type { Authenticator } from '#gateway/authentication/authenticator';
import { keyOf } from '../limit/spending.ts';
import { Tally } from '../tally.ts';
import { CLOSE, type Connection } from './connection.ts';

/** How often the credentials of all open sockets are looked at again, in milliseconds. */
const LOOK_EVERY_MS = 3_000;
/** How often it is looked whether clients read, in milliseconds. */
const SEE_EVERY_MS = 1_000;

/** What a socket may hold unsent without headway, in bytes, before its client is slow. */
const STUCK_BYTES = 64 * 1024;

/**
 * Keeps an eye on the open sockets: ends those whose caller is no longer let in, within seconds, and those whose client
 * does not read.
 */
export class ConnectionWatch {
  private readonly connections = new Map<Connection, { caller: string; stuckSince: number; unsent: number }>();
  private readonly callers = new Tally();
  private timers: NodeJS.Timeout[] = [];
  private stopListening: () => void = () => {};
  private looking: Promise<void> | null = null;
  private lookAgain = false;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly bus: Bus,
    private readonly log: Logger,
    /** How long a client may read nothing of what waits for it, in milliseconds. */
    private readonly stuckForMs: number,
  ) {}

  async start(): Promise<void> {
    this.stopListening = await onViewerChange(this.bus, (change) => {
      this.authenticator.forget(change);
      this.look();
    });
    this.timers = [setInterval(() => this.look(), LOOK_EVERY_MS), setInterval(() => this.dropStuck(), SEE_EVERY_MS)];
    for (const timer of this.timers) timer.unref();
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.stopListening();
  }

  add(connection: Connection): void {
    const caller = callerOf(connection);
    this.connections.set(connection, { caller, stuckSince: 0, unsent: 0 });
    this.callers.add(caller);
  }

  remove(connection: Connection): void {
    const state = this.connections.get(connection);
    if (!state) return;
    this.connections.delete(connection);
    this.callers.remove(state.caller);
  }

  get size(): number {
    return this.connections.size;
  }

  /** How many sockets a caller has open. */
  countOf(caller: string): number {
    return this.callers.of(caller);
  }

  /** Ends every socket, telling the clients to come again. */
  closeAll(code: number, reason: string): void {
    for (const { socket } of this.connections.keys()) socket.close(code, reason);
  }

  private look(): void {
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = this.recheck()
      .catch((error: unknown) => this.log.warn({ err: error }, 'open sockets could not be looked at again'))
      .finally(() => {
        this.looking = null;
        if (this.lookAgain) {
          this.lookAgain = false;
          this.look();
        }
      });
  }

  private async recheck(): Promise<void> {
    const byCredential = new Map<string, Connection[]>();
    for (const connection of this.connections.keys()) {
      if (!connection.viewer) continue;
      const { id, expiresAt } = connection.viewer.credential;
      // Known without asking, and so also while nobody can be asked.
      if (expiresAt !== null && expiresAt <= Date.now()) {
        this.apply(connection, null);
        continue;
      }
      const key = `${id}:${expiresAt}`;
      byCredential.set(key, [...(byCredential.get(key) ?? []), connection]);
    }
    const groups = [...byCredential.values()];
    const credentials = groups.flatMap(([first]) => first?.viewer?.credential ?? []);
    const viewers = await this.authenticator.recheck(credentials);
    for (const [index, group] of groups.entries()) {
      const viewer = viewers[index] ?? null;
      for (const connection of group) this.apply(connection, viewer);
    }
  }

  private apply(connection: Connection, viewer: Connection['viewer']): void {
    const before = connection.viewer;
    if (!viewer) {
      connection.socket.close(CLOSE.FORBIDDEN, 'The credential has expired or was revoked.');
      return;
    }
    connection.viewer = viewer;
    // A stream that is open was allowed under the old permissions: whoever comes again is looked at anew.
    const changed = before?.role !== viewer.role || before.permissions.join() !== viewer.permissions.join();
    if (changed) connection.socket.close(CLOSE.PERMISSIONS_CHANGED, 'Permissions have changed: connect again.');
  }

  private dropStuck(): void {
    const now = Date.now();
    for (const [{ socket }, state] of this.connections) {
      const unsent = socket.bufferedAmount;
      const stuck = unsent > STUCK_BYTES && unsent >= state.unsent && state.unsent > 0;
      if (!stuck) state.stuckSince = now;
      state.unsent = unsent;
      if (!stuck || now - state.stuckSince < this.stuckForMs) continue;
      socket.close(CLOSE.TRY_AGAIN_LATER, 'Reading too slowly: connect again and resume.');
      // A client that does not read will not answer the close either.
      setTimeout(() => socket.terminate(), 1_000).unref();
    }
  }
}

/** Who is counted for a socket: the user within the organization, or the address of an anonymous one. */
export const callerOf = ({ viewer, ip }: Connection): string => keyOf(viewer, ip);
