import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#core/database/database';
import type { FilePart, ModelProvider, UploadedFile } from '#core/model/model.port';
import { isModelError } from '#core/model/model-error';
import { backoffMs, DEFAULT_RETRY_POLICY } from '#core/model/retry';
import type { Attachment } from '#prisma/generated/client';
import type { AttachmentStore } from './attachment-store.ts';
import { SharedWork } from './shared-work.ts';

/** A copy that the provider keeps for less than this is not begun an answer with, in minutes. */
const MIN_LEFT_MINUTES = 30;

/** What providers of models were given of files too large for a request: once each, for as long as they keep it. */
export class ProviderCopies {
  private readonly uploads = new SharedWork<UploadedFile | null>();

  constructor(
    private readonly database: Database,
    private readonly store: AttachmentStore,
  ) {}

  /**
   * The file as the provider names it, given to it where it does not have it. Inside the organization of the file.
   * @returns null where the bytes are gone.
   * @throws ModelError where the provider does not take it
   */
  async part(row: Attachment, provider: ModelProvider, signal: AbortSignal): Promise<FilePart | null> {
    const known = await this.find(row.id, provider);
    const copy =
      known ??
      (await this.uploads.do(`${provider.account} ${row.id}`, signal, (stopped) => this.give(row, provider, stopped)));
    return copy && { type: 'file', uri: copy.uri, mimeType: row.mimeType };
  }

  /** The provider does not have them any more. @returns whether anything was thought to be there */
  async forget(ids: readonly string[], { account = '' }: ModelProvider): Promise<boolean> {
    const { count } = await this.database.scoped.attachmentCopy.deleteMany({
      where: { account, attachmentId: { in: [...ids] } },
    });
    return count > 0;
  }

  private async find(attachmentId: string, { account = '' }: ModelProvider): Promise<{ uri: string } | null> {
    const expiresAt = { gt: new Date(Date.now() + MIN_LEFT_MINUTES * 60_000) };
    return this.database.scoped.attachmentCopy.findFirst({ where: { attachmentId, account, expiresAt } });
  }

  private async give(row: Attachment, provider: ModelProvider, signal: AbortSignal): Promise<UploadedFile | null> {
    const bytes = await this.store.readIfThere(row.storageKey, signal);
    if (!bytes) return null;
    const copy = await uploadWithRetry(row, bytes, provider, signal);
    // Of a file that was removed meanwhile nothing is remembered.
    if (copy) {
      await this.database.scoped.$executeRaw`
        INSERT INTO attachment_copies (org_id, attachment_id, account, uri, expires_at)
        SELECT org_id, id, ${provider.account ?? ''}, ${copy.uri}, ${copy.expiresAt}::timestamptz
        FROM attachments WHERE org_id = ${row.orgId}::uuid AND id = ${row.id}::uuid AND state = 'READY'
        ON CONFLICT (attachment_id, account) DO UPDATE SET uri = excluded.uri, expires_at = excluded.expires_at`;
    }
    return copy;
  }
}

async function uploadWithRetry(
  { fileName, mimeType }: Attachment,
  bytes: Buffer,
  provider: ModelProvider,
  signal: AbortSignal,
): Promise<UploadedFile | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await provider.uploadFile?.({ fileName, mimeType, bytes }, signal)) ?? null;
    } catch (error) {
      if (!isModelError(error) || !error.retryable || attempt >= DEFAULT_RETRY_POLICY.attempts) throw error;
      await sleep(backoffMs(attempt, DEFAULT_RETRY_POLICY, Math.random(), error.retryAfterMs), undefined, { signal });
    }
  }
}
