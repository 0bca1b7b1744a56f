import type { Extra } from 'graphql-ws/use/ws';
import type { Viewer } from '#core/viewer';

/** What the gateway knows of a socket from its first byte on. */
export interface Arrival extends Extra {
  ip: string;
  /** Takes it from those who have not said who they are; to be called when it has, or is gone, and harmless after. */
  leaveLobby(): void;
}

/** What the gateway keeps of an open socket, from its `connection_init` on. */
export interface Connection extends Arrival {
  /** Null for an anonymous caller. Replaced when the caller's permissions are looked at again. */
  viewer: Viewer | null;
  userAgent: string | null;
  /** How many operations are under way. */
  operations: number;
}

/** Close codes beyond those of the protocol. Clients take 4401 as final and come again after any other. */
export const CLOSE = {
  /** The credential in `connection_init` does not hold. */
  UNAUTHORIZED: 4401,
  /** The credential has expired or was revoked while the socket was open: come again with a new one. */
  FORBIDDEN: 4403,
  /** What the caller may do has changed: come again and resume. */
  PERMISSIONS_CHANGED: 4205,
  /** The client reads too slowly, or has too many sockets open: come again and resume. */
  TRY_AGAIN_LATER: 1013,
  /** The same, for a socket that has not said who it is. */
  GOING_AWAY: 1001,
  /** The server is being stopped or restarted: come again and resume. */
  SERVICE_RESTART: 1012,
} as const;
