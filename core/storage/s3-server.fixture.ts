import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Options } from './s3-storage.ts';

const ACCESS = { accessKeyId: 'AKIATESTTESTTEST', secretAccessKey: 'a secret of the bucket, for tests' };
const REGION = 'eu-test-1';

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const xml = (name: string, inner: string) => `<?xml version="1.0" encoding="UTF-8"?><${name}>${inner}</${name}>`;

interface Upload {
  key: string;
  parts: Map<number, Buffer>;
}

/** A bucket as S3 serves it, which checks every signature. It can fail when told to. */
export class S3Server {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Upload>();
  /** Requests whose signature did not hold. */
  refused = 0;
  /** In place of an answer, while it is set. */
  fault: ((response: ServerResponse, request: IncomingMessage) => void) | null = null;
  private readonly server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get options(): S3Options {
    const { port } = this.server.address() as AddressInfo;
    return { bucketUrl: `http://127.0.0.1:${port}/bucket`, region: REGION, ...ACCESS };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const { method = '', url: target = '' } = request;
    if (this.fault) return this.fault(response, request);
    const url = new URL(target, 'http://bucket');
    if (!isSigned(request, url)) {
      this.refused += 1;
      return void response.writeHead(403).end(xml('Error', '<Code>SignatureDoesNotMatch</Code>'));
    }
    const key = decodeURIComponent(url.pathname).replace(/^\/bucket\/?/, '');
    this.serve(method, key, url.searchParams, Buffer.concat(pieces), request, response);
  }

  private serve(
    method: string,
    key: string,
    query: URLSearchParams,
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const upload = this.uploads.get(query.get('uploadId') ?? '');
    if (method === 'GET' && query.has('uploads')) return void response.end(this.listUploads(query.get('prefix') ?? ''));
    if (method === 'POST' && query.has('uploads')) {
      const id = `upload-${this.uploads.size + 1}`;
      this.uploads.set(id, { key, parts: new Map() });
      return void response.end(xml('InitiateMultipartUploadResult', `<Key>${key}</Key><UploadId>${id}</UploadId>`));
    }
    if (query.has('uploadId') && !upload) return void response.writeHead(404).end();
    if (upload && method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return void response.setHeader('etag', `"${etag(body)}"`).end();
    }
    if (upload && method === 'POST') {
      this.objects.set(key, Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part)));
      this.uploads.delete(query.get('uploadId') ?? '');
      return void response.end(xml('CompleteMultipartUploadResult', `<Key>${key}</Key><ETag>"whole"</ETag>`));
    }
    if (upload && method === 'DELETE') {
      this.uploads.delete(query.get('uploadId') ?? '');
      return void response.writeHead(204).end();
    }
    if (method === 'HEAD' && key === '') return void response.end();
    if (method === 'PUT') {
      this.objects.set(key, body);
      return void response.setHeader('etag', `"${etag(body)}"`).end();
    }
    if (method === 'DELETE') {
      this.objects.delete(key);
      return void response.writeHead(204).end();
    }
    const found = this.objects.get(key);
    if (!found) return void response.writeHead(404).end(xml('Error', '<Code>NoSuchKey</Code>'));
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined) return void response.end(found);
    response.writeHead(206).end(found.subarray(Number(first), Number(last) + 1));
  }

  private listUploads(prefix: string): string {
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const entries = found.map(([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`);
    return xml('ListMultipartUploadsResult', `<Bucket>bucket</Bucket>${entries.join('')}`);
  }
}

const etag = (body: Buffer) => createHash('md5').update(body).digest('hex');

/** Signature version 4, computed anew from what came. */
function isSigned({ method, headers }: IncomingMessage, url: URL): boolean {
  const [, credential = '', signed = '', given] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [id, day = '', region = '', service = ''] = credential.split('/');
  if (id !== ACCESS.accessKeyId || region !== REGION || service !== 's3') return false;
  const pairs = [...url.searchParams].map(([name, value]) => [encodeURIComponent(name), encodeURIComponent(value)]);
  const query = pairs
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const lines = signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const content = String(headers['x-amz-content-sha256']);
  const canonical = [method, url.pathname, query, lines.join(''), signed, content].join('\n');
  const scope = [day, region, service, 'aws4_request'];
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), digest].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${ACCESS.secretAccessKey}`);
  return hmac(key, text).toString('hex') === given;
}
