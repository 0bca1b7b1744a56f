import { addAbortSignal, Readable } from 'node:stream';
import type { Database } from '#core/database/database';
import type { RawTransaction, Transactions } from '#core/database/transaction';
import { unavailable } from '#core/error';
import { newId } from '#core/id';
import type { ByteRange, ObjectStorage } from '#core/storage/storage.port';
import type { Attachment } from '#prisma/generated/client';
import { keptBytes, noRoom, settle, toValue } from './attachment-row.ts';
import type { AttachmentValue } from './attachment-value.ts';
import { FileInspector, peek } from './file-inspector.ts';
import { hasThumbnail, isText, tellKind } from './file-kind.ts';
import { toFileName } from './file-name.ts';
import { pictureSize } from './picture-size.ts';

/** How much of a file is held to find out what it is, in bytes: the header of a picture can stand behind much else. */
const HEAD_BYTES = 256 * 1024;
/** Longer than any upload may take, in hours: then what is there was left behind. */
const GIVEN_UP_AFTER_HOURS = 3;

export interface StoreOptions {
  database: Database;
  transactions: Transactions;
  storage: ObjectStorage;
  maxBytes: number;
  /** What an organization may keep in all. */
  quotaBytes: number;
}

export interface NewFile {
  orgId: string;
  createdBy: { kind: 'USER' | 'AGENT'; id: string };
  fileName: string;
  mimeType: string | null;
  body: AsyncIterable<Uint8Array>;
}

/** Puts files away and reads them, each as a row and its bytes. Inside the organization of the file. */
export class AttachmentStore {
  constructor(private readonly options: StoreOptions) {}

  /**
   * Takes a file as it comes. Where that fails nothing is left of it, or a row that the sweep knows it by.
   * @param also Written with the row once it is whole.
   * @throws ParleyError
   */
  async add(file: NewFile, also: (tx: RawTransaction, row: Attachment) => Promise<void> = async () => {}) {
    const { database, transactions, storage, maxBytes, quotaBytes } = this.options;
    const { orgId } = file;
    const fileName = toFileName(file.fileName);
    const { head, all } = await peek(file.body, HEAD_BYTES);
    const mimeType = await tellKind(head, file.mimeType, fileName);
    const size = mimeType.startsWith('image/') ? pictureSize(head) : null;
    if ((await keptBytes(database.scoped, orgId)) >= quotaBytes) throw noRoom(quotaBytes);
    const id = newId();
    const row = await database.scoped.attachment.create({
      data: {
        id,
        createdByKind: file.createdBy.kind,
        createdById: file.createdBy.id,
        fileName,
        mimeType,
        width: size?.width ?? null,
        height: size?.height ?? null,
        thumbnail: hasThumbnail(mimeType) ? 'PENDING' : 'NONE',
        storageKey: `${orgId}/${id}`,
        expiresAt: new Date(Date.now() + GIVEN_UP_AFTER_HOURS * 3_600_000),
      },
    });
    const inspector = new FileInspector(maxBytes, isText(mimeType));
    try {
      await storage.put(row.storageKey, inspector.watch(all), mimeType);
      const measures = { byteSize: inspector.byteSize, sha256: inspector.digest() };
      await transactions.direct(async ({ tx }) => {
        await settle(tx, row, measures, quotaBytes);
        await also(tx, row);
      });
      return toValue({ ...row, ...measures });
    } catch (error) {
      // It may be whole all the same: what is not known to be refused stays, and the sweep knows it.
      const { count } = await database.scoped.attachment
        .updateMany({ where: { id, state: 'RECEIVING' }, data: { expiresAt: new Date() } })
        .catch(() => ({ count: 0 }));
      if (count > 0) await this.remove(row).catch(() => {});
      throw error;
    }
  }

  /** The same for a file that is in memory. */
  addBytes(
    file: Omit<NewFile, 'body'> & { bytes: Buffer },
    also: (tx: RawTransaction, row: Attachment) => Promise<void>,
  ): Promise<AttachmentValue> {
    return this.add({ ...file, body: Readable.from([file.bytes]) }, also);
  }

  /** @throws ParleyError `UNAVAILABLE` where the store has it not, or cannot be reached. */
  async open(storageKey: string, range?: ByteRange): Promise<Readable> {
    const found = await this.options.storage.get(storageKey, range);
    if (!found) throw unavailable('The file is not where it was put. Tell whoever runs this server.');
    return found;
  }

  /** All of it. @throws ParleyError `UNAVAILABLE` */
  async read(storageKey: string): Promise<Buffer> {
    return readWhole(await this.open(storageKey));
  }

  /** All of it, or a part; null where the store has it not. @throws ParleyError `UNAVAILABLE`, the reason of `signal` */
  async readIfThere(storageKey: string, signal: AbortSignal, range?: ByteRange): Promise<Buffer | null> {
    signal.throwIfAborted();
    const found = await this.options.storage.get(storageKey, range);
    if (!found) return null;
    try {
      return await readWhole(addAbortSignal(signal, found));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  putThumbnail({ storageKey }: Pick<Attachment, 'storageKey'>, bytes: Buffer, mimeType: string): Promise<void> {
    return this.options.storage.put(thumbnailKey(storageKey), Readable.from([bytes]), mimeType);
  }

  /** The bytes first: a row is what they are found by. */
  async remove({ id, storageKey }: Pick<Attachment, 'id' | 'storageKey'>): Promise<void> {
    const { storage, database } = this.options;
    await storage.delete(thumbnailKey(storageKey));
    await storage.delete(storageKey);
    await database.scoped.attachment.deleteMany({ where: { id, state: 'RECEIVING' } });
  }
}

async function readWhole(found: Readable): Promise<Buffer> {
  try {
    return Buffer.concat(await found.toArray());
  } catch (cause) {
    throw unavailable('The file could not be read to its end. Try again shortly.', { cause });
  }
}

export const thumbnailKey = (storageKey: string): string => `${storageKey}-thumbnail`;
