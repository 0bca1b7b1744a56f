import { createHash } from 'node:crypto';
import serialize from 'canonicalize';

/** What an entry says: everything that its hash is made of. */
export interface AuditContent {
  organizationId: string;
  seq: number;
  eventId: string;
  type: string;
  version: number;
  occurredAt: Date;
  recordedAt: Date;
  actorId: string | null;
  actorAgentId: string | null;
  credentialKind: string | null;
  credentialId: string | null;
  requestId: string | null;
  subjectKind: string | null;
  subjectId: string | null;
  conversationId: string | null;
  data: unknown;
  before: unknown;
  after: unknown;
  /** Digests of what says who somebody is, by part. */
  personal: Record<string, string>;
  previousHash: string;
}

/** What the first entry of a trail has for the hash of the one before. */
export const NO_HASH = '0'.repeat(64);

/** JSON of which there is one for each value (RFC 8785), so that anybody arrives at the same hash. */
export function canonicalJson(value: unknown): string {
  // Its types say that it is within the module; it is the module.
  const text = (serialize as unknown as (input: unknown) => string | undefined)(JSON.parse(JSON.stringify(value)));
  if (text === undefined) throw new Error('There is no JSON of it.');
  return text;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const hashEntry = (content: AuditContent): string => sha256(canonicalJson(content));

/** With a salt, so that nobody can try names and addresses against it once they are gone. */
export const digestPersonal = (salt: string, fields: unknown): string => sha256(`${salt}.${canonicalJson(fields)}`);
