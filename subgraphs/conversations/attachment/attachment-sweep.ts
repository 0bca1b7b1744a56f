import type { Database } from '#core/database/database';
import { runInOrg } from '#core/database/tenant';
import type { Logger } from '#core/log';
import type { AttachmentStore } from './attachment-store.ts';

const EVERY_MS = 60_000;
const AT_ONCE = 200;

/**
 * Takes files out of everybody's reach: what was uploaded and never sent, what an upload that was cut off has left, and
 * what no message has any more, since its room was deleted. Only then do their bytes go.
 */
const CLAIM = `
  UPDATE attachments SET state = 'RECEIVING', sent_at = NULL, expires_at = clock_timestamp()
  WHERE id IN (
    SELECT a.id FROM attachments a
    WHERE a.expires_at < clock_timestamp()
       OR a.sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attachment_uses u WHERE u.attachment_id = a.id)
    ORDER BY a.id LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
  RETURNING id::text, org_id::text AS "orgId", storage_key AS "storageKey"`;

export interface SweepOptions {
  database: Database;
  store: AttachmentStore;
  log: Logger;
}

/** One round. A file whose bytes cannot be removed now keeps its row, for the next round. @returns how many went */
export async function sweepAttachments({ database, store, log }: SweepOptions): Promise<number> {
  const { rows } = await database.systemPool.query<{ id: string; orgId: string; storageKey: string }>(CLAIM);
  await database.systemPool.query('DELETE FROM attachment_copies WHERE expires_at < clock_timestamp()');
  let removed = 0;
  for (const row of rows) {
    try {
      await runInOrg(row.orgId, () => store.remove(row));
      removed += 1;
    } catch (error) {
      log.warn({ err: error, attachmentId: row.id }, 'a file could not be removed; the next round tries again');
    }
  }
  return removed;
}

/** Rounds until there is nothing more to remove, or nothing more that can be. */
export async function sweepAll(options: SweepOptions): Promise<void> {
  while ((await sweepAttachments(options)) === AT_ONCE);
}

/**
 * Starts to look from time to time; the function returned ends it. `alone`: no other process can be at work, so that what
 * is being received is what a crash has left.
 */
export function startAttachmentSweep(options: SweepOptions & { alone: boolean }): () => Promise<void> {
  let running: Promise<unknown> = options.alone ? giveUpReceiving(options.database) : Promise.resolve();
  const round = () => {
    running = running
      .then(() => sweepAttachments(options))
      .catch((error: unknown) => options.log.debug({ err: error }, 'files could not be looked for'));
  };
  const timer = setInterval(round, EVERY_MS);
  timer.unref();
  round();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

async function giveUpReceiving({ systemPool }: Database): Promise<void> {
  await systemPool.query("update attachments set expires_at = clock_timestamp() where state = 'RECEIVING'");
}
