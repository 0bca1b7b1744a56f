import type { ServerResponse } from 'node:http';
import type { WireRequest } from './fault-server.fixture.ts';

export interface StoredFile {
  name: string;
  displayName: string;
  mimeType: string;
  bytes: Buffer;
}

/** Google's store of files, as its Files API speaks: uploads in pieces, states, and files that are gone. */
export class GeminiFileStore {
  /** Those that were uploaded to their end, oldest first. */
  readonly uploads: StoredFile[] = [];
  /** The states that files go through before they are ACTIVE, one each time they are asked for. */
  states: string[] = [];
  /** How long Google says that it keeps a file, in milliseconds. */
  keptMs = 48 * 3_600_000;
  /** Refuses uploads while it is set. */
  refuse: ((response: ServerResponse) => void) | null = null;
  private readonly kept = new Map<string, StoredFile>();
  private readonly open = new Map<string, StoredFile>();
  private count = 0;

  constructor(private readonly root: () => string) {}

  /** Google keeps none of them any more. */
  forget(): void {
    this.kept.clear();
  }

  /** Answers what is about files; returns false for everything else. */
  answer(response: ServerResponse, request: WireRequest): boolean {
    const [path = ''] = request.path.split('?');
    if (request.method === 'POST' && path.endsWith('/upload/v1beta/files')) this.begin(response, request);
    else if (path.startsWith('/upload-session/')) this.take(response, request, path);
    else if (request.method === 'GET' && /\/files\/[\w-]+$/.test(path))
      this.show(response, `files/${path.split('/').at(-1)}`);
    else return this.refuseUnknown(response, request);
    return true;
  }

  private begin(response: ServerResponse, { body, headers }: WireRequest): void {
    if (this.refuse) {
      this.refuse(response);
      return;
    }
    this.count += 1;
    const name = `files/parley-${this.count}`;
    const { displayName = '' } = body.file as { displayName?: string };
    const mimeType = String(headers['x-goog-upload-header-content-type']);
    this.open.set(String(this.count), { name, displayName, mimeType, bytes: Buffer.alloc(0) });
    response.writeHead(200, { 'x-goog-upload-url': `${this.root()}/upload-session/${this.count}` }).end();
  }

  private take(response: ServerResponse, { headers, bytes }: WireRequest, path: string): void {
    const file = this.open.get(path.split('/').at(-1) ?? '');
    if (!file || Number(headers['x-goog-upload-offset']) !== file.bytes.length)
      return void response.writeHead(400).end();
    file.bytes = Buffer.concat([file.bytes, bytes]);
    if (!String(headers['x-goog-upload-command']).includes('finalize')) {
      return void response.writeHead(200, { 'x-goog-upload-status': 'active' }).end();
    }
    this.uploads.push(file);
    this.kept.set(this.uriOf(file.name), file);
    answerJson(response, 200, { file: this.describe(file) }, { 'x-goog-upload-status': 'final' });
  }

  private show(response: ServerResponse, name: string): void {
    const file = this.kept.get(this.uriOf(name));
    if (file) answerJson(response, 200, this.describe(file));
    else answerJson(response, 403, unknown(name));
  }

  /** A request that names a file which is not kept: in Google's words there is no permission for it. */
  private refuseUnknown(response: ServerResponse, { bytes }: WireRequest): boolean {
    const named = [...bytes.toString().matchAll(/"fileUri":"([^"]+)"/g)].flatMap(([, uri]) => uri ?? []);
    const missing = named.find((uri) => !this.kept.has(uri));
    if (missing) answerJson(response, 403, unknown(missing.split('/').at(-1) ?? ''));
    return missing !== undefined;
  }

  private describe({ name, displayName, mimeType, bytes }: StoredFile) {
    return {
      name,
      displayName,
      mimeType,
      sizeBytes: String(bytes.length),
      expirationTime: new Date(Date.now() + this.keptMs).toISOString(),
      uri: this.uriOf(name),
      state: this.states.shift() ?? 'ACTIVE',
    };
  }

  private uriOf(name: string): string {
    return `${this.root()}/v1beta/${name}`;
  }
}

const unknown = (name: string) => ({
  error: {
    code: 403,
    message: `You do not have permission to access the File ${name} or it may not exist.`,
    status: 'PERMISSION_DENIED',
  },
});

function answerJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
