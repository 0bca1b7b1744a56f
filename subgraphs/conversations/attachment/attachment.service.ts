import type { Database } from '#core/database/database';
import { notFound } from '#core/error';
import { isId } from '#core/id';
import type { Logger } from '#core/log';
import type { FileArrival } from '#core/subgraph/file-door';
import { requirePermission, type Viewer } from '#core/viewer';
import type { Attachment } from '#prisma/generated/client';
import { nullIfNotFound, openRoom } from '../conversation.access.ts';
import type { ConversationLoaders } from '../conversation.loaders.ts';
import type { AttachmentStore } from './attachment-store.ts';
import type { AttachmentValue } from './attachment-value.ts';
import { makeThumbnail, THUMBNAIL_TYPE } from './thumbnail.ts';

/** Files that people send, and who may read them. */
export class AttachmentService {
  private readonly making = new Map<string, Promise<boolean>>();

  constructor(
    private readonly database: Database,
    private readonly store: AttachmentStore,
    private readonly log: Logger,
  ) {}

  /** Takes a file, to be sent with a message by the same viewer within a day. @throws ParleyError */
  async take(viewer: Viewer, { fileName, mimeType, body }: FileArrival): Promise<AttachmentValue> {
    requirePermission(viewer, 'conversations:write');
    const createdBy = { kind: 'USER' as const, id: viewer.userId };
    return this.store.add({ orgId: viewer.orgId, createdBy, fileName, mimeType, body });
  }

  /** The file, where the viewer has uploaded it and not sent it yet, or may read a room that it was sent to. */
  async find(viewer: Viewer, id: string, loaders: ConversationLoaders): Promise<Attachment | null> {
    requirePermission(viewer, 'conversations:read');
    if (!isId(id)) return null;
    const row = await this.database.scoped.attachment.findFirst({
      where: { id, state: 'READY' },
      include: { uses: { select: { conversationId: true } } },
    });
    if (!row) return null;
    if (row.sentAt === null) return row.createdByKind === 'USER' && row.createdById === viewer.userId ? row : null;
    for (const { conversationId } of row.uses) {
      if (await openRoom(viewer, conversationId, loaders).catch(nullIfNotFound)) return row;
    }
    return null;
  }

  /** The file of a signed address: whoever made that was allowed to read it. Null where it is gone since. */
  async findSigned(id: string): Promise<Attachment | null> {
    if (!isId(id)) return null;
    return this.database.system.attachment.findFirst({
      where: { id, state: 'READY', OR: [{ sentAt: null }, { uses: { some: {} } }] },
    });
  }

  /** Makes the thumbnail where there is none yet. @throws ParleyError `NOT_FOUND` where none can be made */
  async ensureThumbnail(row: Attachment): Promise<void> {
    if (row.thumbnail === 'READY') return;
    if (row.thumbnail === 'NONE') throw notFound('thumbnail');
    const known = this.making.get(row.id);
    const making = known ?? this.thumbnail(row).finally(() => this.making.delete(row.id));
    this.making.set(row.id, making);
    if (!(await making)) throw notFound('thumbnail');
  }

  private async thumbnail(row: Attachment): Promise<boolean> {
    const picture = await this.store.read(row.storageKey);
    const thumbnail = await makeThumbnail(picture).catch((error: unknown) => {
      this.log.info({ err: error, attachmentId: row.id }, 'a picture has no thumbnail: it cannot be opened');
      return null;
    });
    if (thumbnail) await this.store.putThumbnail(row, thumbnail, THUMBNAIL_TYPE);
    await this.database.scoped.attachment.updateMany({
      where: { id: row.id },
      data: { thumbnail: thumbnail ? 'READY' : 'NONE' },
    });
    return thumbnail !== null;
  }
}
