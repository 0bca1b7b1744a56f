import { createHash } from 'node:crypto';
import type pg from 'pg';
import { badInput, conflict, unavailable } from '#core/error';
import type { Sealer } from '#core/seal';
import type { Viewer } from '#core/viewer';

/** An answer as it went to the client, to be sent again. */
export interface KeptAnswer {
  status: number;
  contentType: string;
  body: string;
}

export interface IdempotentRequest {
  /** The value of `Idempotency-Key`. */
  key: string;
  viewer: Viewer | null;
  /** The request's body, as it came. */
  body: string;
}

export interface IdempotencyOptions {
  /** The pool that crosses organizations. */
  pool: pg.Pool;
  sealer: Sealer;
  /** This process. */
  instanceId: string;
}

/** How long a process may be silent before another takes its key over. Renewed every third of it. */
const LEASE_SECONDS = 6;
/** How long a repetition waits for the first request: as long as any request may take. */
const WAIT_MS = 30_000;
const LOOK_EVERY_MS = 40;

interface Row {
  request_hash: string;
  response: Buffer | null;
}

/**
 * Answers a repeated mutation with the first answer, bytes and all. The key belongs to its caller: another user or
 * organization may use the same one. Its effects are guarded once more where they are written (see `Transactions`), for
 * a process that dies between an effect and its answer.
 */
export class Idempotency {
  constructor(private readonly options: IdempotencyOptions) {}

  /** A digest of caller, key and body, for the transactions beneath. */
  digest(request: IdempotentRequest): string {
    return hash(`${scopeOf(request)}\0${request.key}\0${request.body}`);
  }

  /**
   * @param run Makes the answer; `keep` false where it must not be kept, since another try may go better.
   * @throws ParleyError `CONFLICT` where the key was used with another body.
   */
  async once(
    request: IdempotentRequest,
    run: () => Promise<KeptAnswer & { keep: boolean }>,
  ): Promise<KeptAnswer & { repeated: boolean }> {
    const { key } = request;
    if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
      throw badInput('Idempotency-Key', 'It must be 1 to 200 visible ASCII characters.');
    }
    const scope = scopeOf(request);
    const kept = await this.claim(scope, key, hash(request.body));
    if (kept) return { ...kept, repeated: true };
    const renewing = setInterval(() => void this.renew(scope, key), (LEASE_SECONDS * 1000) / 3);
    try {
      const { keep, ...answer } = await run();
      if (keep) await this.keep(scope, key, answer);
      else await this.release(scope, key);
      return { ...answer, repeated: false };
    } catch (error) {
      await this.release(scope, key);
      throw error;
    } finally {
      clearInterval(renewing);
    }
  }

  /** Null where the caller now holds the key; the answer where there is one; waits while another is at it. */
  private async claim(scope: string, key: string, requestHash: string): Promise<KeptAnswer | null> {
    const { pool, sealer, instanceId } = this.options;
    const deadline = Date.now() + WAIT_MS;
    while (Date.now() < deadline) {
      const claimed = await pool.query(
        `insert into idempotent_requests as r (scope, key, request_hash, owner, lease_until)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
         on conflict (scope, key) do update set owner = excluded.owner, lease_until = excluded.lease_until
           where r.response is null and r.request_hash = excluded.request_hash and r.lease_until < clock_timestamp()`,
        [scope, key, requestHash, instanceId, LEASE_SECONDS],
      );
      if (claimed.rowCount === 1) return null;
      const { rows } = await pool.query<Row>(
        'select request_hash, response from idempotent_requests where scope = $1 and key = $2',
        [scope, key],
      );
      const row = rows[0];
      if (row && row.request_hash !== requestHash) {
        throw conflict('This Idempotency-Key was used with another request. Use a new key for a new request.');
      }
      if (row?.response) return JSON.parse(sealer.open(row.response, 'idempotency').toString('utf8')) as KeptAnswer;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw unavailable('The first request with this Idempotency-Key is still under way. Try again shortly.');
  }

  private async keep(scope: string, key: string, answer: KeptAnswer): Promise<void> {
    const sealed = this.options.sealer.seal(Buffer.from(JSON.stringify(answer)), 'idempotency');
    await this.options.pool.query(
      'update idempotent_requests set response = $3 where scope = $1 and key = $2 and response is null',
      [scope, key, Buffer.from(sealed)],
    );
  }

  /** Should it fail, the key may be taken over: its effects are guarded by themselves. */
  private async renew(scope: string, key: string): Promise<void> {
    await this.options.pool
      .query(
        `update idempotent_requests set lease_until = clock_timestamp() + make_interval(secs => $4)
         where scope = $1 and key = $2 and owner = $3 and response is null`,
        [scope, key, this.options.instanceId, LEASE_SECONDS],
      )
      .catch(() => {});
  }

  private async release(scope: string, key: string): Promise<void> {
    await this.options.pool.query(
      'delete from idempotent_requests where scope = $1 and key = $2 and owner = $3 and response is null',
      [scope, key, this.options.instanceId],
    );
  }
}

/**
 * A person goes on with another session; an API key stands for itself, since it may do less than its owner, and must not
 * be shown what he was answered. Anonymous callers cannot be told apart: only the very same request, password and all,
 * is taken for a repetition.
 */
function scopeOf({ viewer, body }: IdempotentRequest): string {
  if (!viewer) return `anonymous:${hash(body)}`;
  const { kind, id } = viewer.credential;
  return `${viewer.orgId}:${viewer.userId}:${kind === 'API_KEY' ? id : 'session'}`;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
