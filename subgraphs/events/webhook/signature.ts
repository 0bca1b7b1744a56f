import { createHmac, randomBytes } from 'node:crypto';

/** How secrets begin, so that they are known for what they are where they turn up. */
const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A new secret in the notation of Standard Webhooks. */
export const newSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

export interface SignedMessage {
  id: string;
  /** When it is sent: receivers refuse what is minutes old. */
  at: Date;
  body: string;
}

/** The headers of Standard Webhooks, with a signature by each secret: whoever knows one of them can check. */
export function signatureHeaders(secrets: readonly string[], { id, at, body }: SignedMessage): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
