import type { FilePart, ModelPart, TextPart } from '#core/model/model.port';
import type { AttachmentValue } from './attachment-value.ts';

/** What is known of a file wherever a message has it. */
export type FileFacts = Pick<AttachmentValue, 'id' | 'fileName' | 'mimeType' | 'byteSize'>;

const SCHEME = 'parley-file:';

/** Stands for a file in the turns of a conversation, until `ModelFiles` puts in its place what the model takes. */
export const toReference = ({ id, fileName, mimeType, byteSize }: FileFacts): FilePart => ({
  type: 'file',
  uri: `${SCHEME}${id}?${new URLSearchParams({ name: fileName, size: String(byteSize) })}`,
  mimeType,
});

/** The file that a part stands for; null for every other part. */
export function readReference(part: ModelPart): FileFacts | null {
  if (part.type !== 'file' || !part.uri.startsWith(SCHEME)) return null;
  const { pathname: id, searchParams } = new URL(part.uri);
  const { mimeType } = part;
  return { id, fileName: searchParams.get('name') ?? 'file', mimeType, byteSize: Number(searchParams.get('size')) };
}

/** A file in words, for who cannot be given it. */
export const inWords = ({ fileName, mimeType, byteSize }: FileFacts, why = ''): TextPart => ({
  type: 'text',
  text: `[The file "${fileName}", ${mimeType}, ${sizeInWords(byteSize)}${why && `: ${why}`}]`,
});

/** Such as `1.4 MB`. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
