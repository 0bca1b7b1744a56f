import { permitted } from '#core/subgraph/rule';

const read = permitted('conversations:read');

export const attachmentPermissions = {
  Query: { attachment: read },
  Attachment: {
    id: read,
    fileName: read,
    mimeType: read,
    byteSize: read,
    width: read,
    height: read,
    url: read,
    thumbnailUrl: read,
    createdAt: read,
  },
  ImagePart: { attachment: read },
  FilePart: { attachment: read },
  MessageAttachmentAdded: {
    cursor: read,
    at: read,
    conversation: read,
    messageId: read,
    runId: read,
    attempt: read,
    attachment: read,
  },
};
