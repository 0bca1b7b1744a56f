import { createHash, randomBytes } from 'node:crypto';

/** A secret that nobody can guess: 32 random bytes behind a prefix that says what it is for. */
export const newToken = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`;

/**
 * What of a token lies in the database. A slow hash protects secrets that people think up; one of 190 random bits or
 * more cannot be searched for, so that SHA-256 is enough and costs a request nothing.
 */
export const digestToken = (token: string): string => createHash('sha256').update(token).digest('base64url');
