/** What is known of a file, as messages and events carry it: nothing of it changes. */
export interface AttachmentValue {
  id: string;
  fileName: string;
  mimeType: string;
  byteSize: number;
  /** In pixels; null for what is no picture, and where they cannot be told. */
  width: number | null;
  height: number | null;
  /** ISO 8601. */
  createdAt: string;
}

/** The part of a message that is a picture or another file. */
export interface AttachmentPartValue {
  __typename: 'ImagePart' | 'FilePart';
  attachment: AttachmentValue;
}

export const isPicture = ({ mimeType }: Pick<AttachmentValue, 'mimeType'>): boolean => mimeType.startsWith('image/');

export const toPart = (attachment: AttachmentValue): AttachmentPartValue => ({
  __typename: isPicture(attachment) ? 'ImagePart' : 'FilePart',
  attachment,
});

/** The files among the parts of a message. */
export const attachmentsOf = (
  parts: readonly { __typename: string; attachment?: AttachmentValue }[],
): AttachmentValue[] => parts.flatMap(({ attachment }) => attachment ?? []);
