/** Codes of Node and of PostgreSQL (SQLSTATE) that say that no statement was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOENT', 'EAI_AGAIN', 'ENOTFOUND', '57P03', '53300']);

/** Codes that say that the connection was lost, perhaps in the middle of a statement. */
const LOST = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '08000',
  '08003',
  '08006',
  '08001',
  '08004',
]);

/** Prisma's own codes: server not reached, timed out, connection closed, no connection to be had from the pool. */
const PRISMA = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024']);

/** The pool's words, and Prisma's (under P2028, which it uses for much else), for a wait that was too long. */
const NO_CONNECTION_IN_TIME = /timeout exceeded when trying to connect|Unable to start a transaction in the given time/;

/** What `pg` says of a statement on a connection that had broken before: it was not sent. */
const BROKEN_BEFORE = /^Client (has encountered a connection error|was closed) and is not queryable/;

interface Coded {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  meta?: { driverAdapterError?: unknown };
}

/**
 * Whether the database could not be reached, at any depth of `cause`. `before-sending` narrows it to failures that
 * prove that the statement had no effect, so that it can be repeated.
 */
export function isConnectionFailure(error: unknown, when: 'any' | 'before-sending' = 'any'): boolean {
  for (let depth = 0, at = error as Coded | undefined; at && depth < 5; depth++) {
    if (NOT_SENT.has(String(at.code))) return true;
    if (when === 'any' && (LOST.has(String(at.code)) || PRISMA.has(String(at.code)))) return true;
    const message = typeof at.message === 'string' ? at.message : '';
    if (NO_CONNECTION_IN_TIME.test(message)) return true;
    if (BROKEN_BEFORE.test(message)) return true;
    if (when === 'any' && /Connection terminated|server closed the connection/i.test(message)) return true;
    at = (at.cause ?? at.meta?.driverAdapterError) as Coded | undefined;
  }
  return false;
}

/** Whether a unique constraint refused a row, in Prisma's words or in PostgreSQL's. */
export const isUniqueViolation = (error: unknown): boolean => {
  const code = (error as Coded | undefined)?.code;
  return code === 'P2002' || code === '23505';
};
