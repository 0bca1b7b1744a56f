import type { Database } from '#core/database/database';
import { ParleyError } from '#core/error';
import type { ImagePart, ModelPart } from '#core/model/model.port';
import { ModelError } from '#core/model/model-error';
import { FencedError } from '#core/stream/event';
import type { Run } from '#prisma/generated/client';
import { holdsRun } from '../orchestration/held-run.ts';
import { addUses, markSent, toValue } from './attachment-row.ts';
import type { AttachmentStore } from './attachment-store.ts';
import type { AttachmentValue } from './attachment-value.ts';
import { readReference } from './file-reference.ts';

export interface Making {
  run: Run;
  agentId: string;
  /** The message that shows it. */
  messageId: string;
}

/** Keeps the pictures that models make. Inside the organization of the run. */
export class MadePictures {
  constructor(
    private readonly database: Database,
    private readonly store: AttachmentStore,
  ) {}

  /**
   * Puts a picture away as a file of a message: when this resolves it is durable and can be shown.
   * @throws FencedError where another worker has the run; ModelError where it is no picture; ParleyError
   */
  async keep({ mimeType, data }: ImagePart, { run, agentId, messageId }: Making): Promise<AttachmentValue> {
    const message = { id: messageId, orgId: run.orgId, conversationId: run.conversationId };
    const file = {
      orgId: run.orgId,
      createdBy: { kind: 'AGENT' as const, id: agentId },
      fileName: `picture.${ENDINGS[mimeType] ?? 'img'}`,
      mimeType,
      bytes: Buffer.from(data, 'base64'),
    };
    try {
      return await this.store.addBytes(file, async (tx, { id }) => {
        if (!(await holdsRun(run, { tx }))) throw new FencedError(run.conversationId);
        await markSent(tx, id);
        await addUses(tx, [id], message);
      });
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'BAD_USER_INPUT') throw error;
      throw new ModelError('MODEL_BAD_RESPONSE', 'The model made a file that cannot be opened.', { cause: error });
    }
  }

  /** Those among the parts of an answer that are still there. */
  async find(parts: readonly ModelPart[]): Promise<ReadonlyMap<string, AttachmentValue>> {
    const ids = parts.flatMap((part) => readReference(part)?.id ?? []);
    if (ids.length === 0) return new Map();
    const where = { id: { in: ids }, state: 'READY' as const, uses: { some: {} } };
    const rows = await this.database.scoped.attachment.findMany({ where });
    return new Map(rows.map((row) => [row.id, toValue(row)]));
  }
}

const ENDINGS: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
};
