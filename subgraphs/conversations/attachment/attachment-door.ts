import { runInOrg } from '#core/database/tenant';
import { notFound, unauthenticated } from '#core/error';
import type { Logger } from '#core/log';
import { type RequestContext, runInRequest } from '#core/request-context';
import type { ByteRange } from '#core/storage/storage.port';
import type { FileAnswer, FileDoor, FileRequest } from '#core/subgraph/file-door';
import type { RequestEnvelope } from '#core/subgraph/operation';
import { requireViewer } from '#core/viewer';
import type { Attachment } from '#prisma/generated/client';
import type { RequestScope } from '../request-scope.ts';
import type { AttachmentService } from './attachment.service.ts';
import { type AttachmentLinks, addressesOf } from './attachment-link.ts';
import { type AttachmentStore, thumbnailKey } from './attachment-store.ts';
import { isPicture } from './attachment-value.ts';
import { readRange } from './byte-range.ts';
import { isText } from './file-kind.ts';
import { THUMBNAIL_TYPE } from './thumbnail.ts';

export interface DoorOptions {
  attachments: AttachmentService;
  store: AttachmentStore;
  links: AttachmentLinks;
  scope: RequestScope;
  log: Logger;
}

/** Where the gateway hands in files and asks for them. */
export function createDoor({ attachments, store, links, scope, log }: DoorOptions): FileDoor {
  const contextOf = ({ requestId, viewer, client }: RequestEnvelope): RequestContext => ({
    requestId,
    viewer,
    client,
    idempotency: null,
    log: log.child({ requestId }),
    cache: new Map(),
  });

  const find = async (envelope: RequestEnvelope, { id, thumbnail, link }: FileRequest): Promise<Attachment> => {
    const context = contextOf(envelope);
    if (link && !links.holds(id, thumbnail, link)) {
      throw unauthenticated('This address of a file does not hold any more: ask for it anew.');
    }
    const row = link
      ? await attachments.findSigned(id)
      : await runInRequest(context, () => attachments.find(requireViewer(envelope.viewer), id, scope(context).loaders));
    return row ?? notFoundHere();
  };

  return {
    async take(envelope, arrival) {
      const context = contextOf(envelope);
      const taken = await runInRequest(context, () => attachments.take(requireViewer(envelope.viewer), arrival));
      return { ...taken, ...addressesOf(taken, links) };
    },

    async give(envelope, request) {
      const row = await find(envelope, request);
      return runInOrg(row.orgId, async () => {
        if (request.thumbnail) await attachments.ensureThumbnail(row);
        return request.thumbnail ? giveThumbnail(row, request, store) : giveFile(row, request, store);
      });
    },
  };
}

const notFoundHere = (): never => {
  throw notFound('attachment');
};

/** Whatever is in the file, a browser runs none of it and takes it for nothing else. */
const GUARD = {
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'private, max-age=3600',
};

async function giveFile(row: Attachment, request: FileRequest, store: AttachmentStore): Promise<FileAnswer> {
  const etag = `"${row.sha256}"`;
  const shared = { ...GUARD, etag, 'accept-ranges': 'bytes' };
  if (knows(request, etag)) return { status: 304, headers: shared, body: null };
  const range = readRange(request.range, row.byteSize);
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...shared, 'content-range': `bytes */${row.byteSize}` }, body: null };
  }
  const headers = {
    ...shared,
    'content-type': isText(row.mimeType) ? 'text/plain; charset=utf-8' : row.mimeType,
    'content-disposition': dispositionOf(row),
  };
  const body = await store.open(row.storageKey, range ?? undefined);
  if (!range) return { status: 200, headers: { ...headers, 'content-length': String(row.byteSize) }, body };
  return { status: 206, headers: { ...headers, ...partOf(range, row.byteSize) }, body };
}

async function giveThumbnail(row: Attachment, request: FileRequest, store: AttachmentStore): Promise<FileAnswer> {
  const headers = { ...GUARD, etag: `"${row.sha256}-thumbnail"` };
  if (knows(request, headers.etag)) return { status: 304, headers, body: null };
  const body = await store.open(thumbnailKey(row.storageKey));
  return {
    status: 200,
    headers: { ...headers, 'content-type': THUMBNAIL_TYPE, 'content-disposition': 'inline' },
    body,
  };
}

const partOf = ({ first, last }: ByteRange, size: number) => ({
  'content-length': String(last - first + 1),
  'content-range': `bytes ${first}-${last}/${size}`,
});

const knows = ({ known }: FileRequest, etag: string): boolean =>
  known?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag) ?? false;

/** Pictures are shown in place; everything else is for the programs of its kind, not for a page of ours. */
function dispositionOf(row: Attachment): string {
  const plain = row.fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(row.fileName).replace(/['()*]/g, (each) => `%${each.charCodeAt(0).toString(16)}`);
  return `${isPicture(row) ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
