import { z } from 'zod';
import type { Database } from '#core/database/database';
import type { RawTransaction, Transactions, Unit } from '#core/database/transaction';
import { newId } from '#core/id';
import { defineJob } from '#core/job/job';
import type { Outbound } from '#core/outbound/outbound';
import { OutboundError } from '#core/outbound/outbound-error';
import type { Sealer } from '#core/seal';
import { toStorable } from '#core/storable-text';
import { type RetryPolicy, retryDelay } from './retry.ts';
import { signatureHeaders } from './signature.ts';

/** Tries to bring one delivery to its address. The row says whether and when; a job that comes too often does nothing. */
export const deliverJob = defineJob({
  name: 'events.deliver-webhook',
  schema: z.object({ orgId: z.uuid(), deliveryId: z.uuid() }),
  concurrency: 10,
});

/** Attempts in a row that fail, over all deliveries, until a webhook is paused. */
export const FAILURES_UNTIL_PAUSE = 30;

const TIMEOUT_MS = 15_000;
/** How long an attempt may take until another one may begin, in seconds. */
const LEASE_SECONDS = 60;
const EXCERPT_BYTES = 1_024;

export const SECRET_PURPOSE = 'webhook secret';

export interface DeliverOptions {
  database: Pick<Database, 'scopedPool'>;
  transactions: Transactions;
  outbound: Outbound;
  sealer: Sealer;
  retry: RetryPolicy;
  /** Has it tried again after so many milliseconds. */
  later(orgId: string, deliveryId: string, delayMs: number): void;
}

interface Claimed {
  messageId: string;
  body: string;
  tries: number;
  webhookId: string;
  url: string;
  secret: Uint8Array;
  previousSecret: Uint8Array | null;
}

/** What came of an attempt. `error` says why it counts as failed. */
interface Outcome {
  status: number | null;
  response: string | null;
  error: string | null;
  durationMs: number;
}

/** Tries to bring a delivery to its address, if it is its time. */
export async function deliver(orgId: string, deliveryId: string, options: DeliverOptions): Promise<void> {
  const { rows } = await options.database.scopedPool.query<Claimed>(CLAIM, [deliveryId, LEASE_SECONDS]);
  const [claimed] = rows;
  if (!claimed) return;
  const outcome = await attempt(claimed, options);
  const delayMs = outcome.error === null ? null : retryDelay(options.retry, claimed.tries, Math.random());
  await options.transactions.direct(async (unit) => {
    const state = outcome.error === null ? 'DELIVERED' : delayMs === null ? 'DEAD' : 'PENDING';
    const known = await unit.tx.$executeRaw`
      UPDATE webhook_deliveries SET state = ${state}::"WebhookDeliveryState",
        next_try_at = now() + ${delayMs ?? 0}::float8 * interval '1 ms',
        finished_at = CASE WHEN ${state} = 'PENDING' THEN NULL ELSE now() END
      WHERE id = ${deliveryId}::uuid`;
    // Deleted meanwhile, with its webhook.
    if (known === 0) return;
    await unit.tx.$executeRaw`
      INSERT INTO webhook_attempts (id, org_id, delivery_id, duration_ms, status, response, error)
      VALUES (${newId()}::uuid, ${orgId}::uuid, ${deliveryId}::uuid, ${outcome.durationMs}, ${outcome.status},
              ${outcome.response}, ${outcome.error})`;
    await countFailures(orgId, claimed.webhookId, outcome, unit);
  });
  if (delayMs !== null) options.later(orgId, deliveryId, delayMs);
}

async function attempt(claimed: Claimed, { outbound, sealer }: DeliverOptions): Promise<Outcome> {
  const { messageId, body, url, secret, previousSecret } = claimed;
  const begun = Date.now();
  const took = () => Date.now() - begun;
  const secrets = [secret, ...(previousSecret ? [previousSecret] : [])].map((sealed) =>
    sealer.open(sealed, SECRET_PURPOSE).toString('utf8'),
  );
  try {
    const { status, bytes } = await outbound.request({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Parley-Webhooks/1',
        ...signatureHeaders(secrets, { id: messageId, at: new Date(), body }),
      },
      body,
      timeoutMs: TIMEOUT_MS,
      maxBytes: EXCERPT_BYTES,
      // What is signed is for the address that was given, and for no other.
      maxRedirects: 0,
    });
    const response = toStorable(Buffer.from(bytes).toString('utf8'));
    return { status, response, error: refusalOf(status), durationMs: took() };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { status: null, response: null, error: error.message, durationMs: took() };
  }
}

function refusalOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return 'It redirects, which is not followed: give the address that it leads to.';
  if (status === GONE) return 'It says that it is gone (410).';
  return `It answered ${status}.`;
}

const GONE = 410;

/** One that fails again and again is paused, and one that says that it is gone at once. */
async function countFailures(
  orgId: string,
  webhookId: string,
  { error, status }: Outcome,
  { tx, emit }: Unit<RawTransaction>,
): Promise<void> {
  if (error === null) {
    await tx.$executeRaw`UPDATE webhooks SET failures = 0 WHERE id = ${webhookId}::uuid AND failures > 0`;
    return;
  }
  const most = status === GONE ? 1 : FAILURES_UNTIL_PAUSE;
  await tx.$executeRaw`UPDATE webhooks SET failures = failures + 1 WHERE id = ${webhookId}::uuid`;
  const reason = status === GONE ? error : `It failed ${most} times in a row. The last time: ${error}`;
  const paused = await tx.$executeRaw`
    UPDATE webhooks SET state = 'PAUSED', pause_reason = ${reason}, updated_at = now()
    WHERE id = ${webhookId}::uuid AND state = 'ACTIVE' AND failures >= ${most}`;
  if (paused > 0) await emit({ id: newId(), orgId, type: 'webhook.paused', payload: { webhookId, reason } });
}

/** A lease is nothing but a later next try: an attempt that dies with its process is made again. */
const CLAIM = `
  UPDATE webhook_deliveries d SET tries = d.tries + 1, next_try_at = now() + $2::int * interval '1 s'
  FROM webhooks w
  WHERE d.id = $1::uuid AND d.state = 'PENDING' AND d.next_try_at <= now() + interval '50 ms' AND w.id = d.webhook_id
    AND w.state = 'ACTIVE'
  RETURNING d.message_id AS "messageId", d.body, d.tries, w.id::text AS "webhookId", w.url, w.secret,
    CASE WHEN w.previous_until > now() THEN w.previous_secret END AS "previousSecret"`;
