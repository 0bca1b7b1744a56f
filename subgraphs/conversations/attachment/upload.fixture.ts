import { crc32, deflateSync } from 'node:zlib';
import type { TestClient } from '#test/support/client';

export interface UploadedFile {
  id: string;
  fileName: string;
  mimeType: string;
  byteSize: number;
  width: number | null;
  height: number | null;
  url: string;
  thumbnailUrl: string | null;
  createdAt: string;
}

export interface UploadAnswer {
  status: number;
  requestId: string | null;
  attachment?: UploadedFile;
  errors?: { message: string; extensions: { code: string; fields?: { path: string; message: string }[] } }[];
}

/** Sends a file as a form, as browsers do. */
export async function upload(
  client: TestClient,
  bytes: Uint8Array | string,
  fileName = 'picture.png',
  type = 'image/png',
): Promise<UploadAnswer> {
  const form = new FormData();
  form.append('note', 'fields beside the file are passed over');
  form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), fileName);
  return readAnswer(await fetch(`${client.url}/uploads`, { method: 'POST', headers: credential(client), body: form }));
}

/** Sends a file as the body itself. */
export async function uploadRaw(
  client: TestClient,
  body: RequestInit['body'],
  headers: Record<string, string>,
): Promise<UploadAnswer> {
  const request = { method: 'POST', headers: { ...credential(client), ...headers }, body, duplex: 'half' };
  return readAnswer(await fetch(`${client.url}/uploads`, request as RequestInit));
}

/** Gets a file, with the client's credential unless told otherwise. */
export const download = (
  client: TestClient,
  path: string,
  headers: Record<string, string> = credential(client),
): Promise<Response> => fetch(new URL(path, client.url), { headers });

export const credential = ({ token }: TestClient): Record<string, string> =>
  token ? { authorization: `Bearer ${token}` } : {};

async function readAnswer(response: Response): Promise<UploadAnswer> {
  const body = (await response.json()) as Partial<UploadAnswer>;
  return { status: response.status, requestId: response.headers.get('x-request-id'), ...body };
}

/** A picture of one colour. */
export function png(width: number, height: number): Buffer {
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x7f)]);
  return pngOf(width, height, deflateSync(Buffer.concat(Array.from({ length: height }, () => line))));
}

/** A picture whose header says what its data need not hold. */
export function pngOf(width: number, height: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body) >>> 0);
  return Buffer.concat([length, body, sum]);
}

/** The smallest document that is one. */
export const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
