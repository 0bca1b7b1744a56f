import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the server read it. */
export interface WireRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** What was sent as JSON. */
  body: Record<string, unknown>;
  /** What was sent, as it came. */
  bytes: Buffer;
}

/** Answers one request in any way that HTTP, or the lack of it, allows. */
export type Play = (response: ServerResponse, request: WireRequest) => void;

/** A provider that can fail in ways that no emulator of its API offers: resets, stalls, half chunks. */
export class FaultServer {
  readonly requests: WireRequest[] = [];
  /** Connections accepted so far. */
  connections = 0;
  #play: Play = (response) => response.writeHead(404).end();
  readonly #sockets = new Set<Socket>();
  #newest: Socket | undefined;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How the requests from now on are answered. Forgets the earlier ones. */
  play(play: Play): void {
    this.requests.length = 0;
    this.#play = play;
  }

  /** Whether the client still holds the connection of the newest request open. */
  get clientIsThere(): boolean {
    return this.#newest !== undefined && !this.#newest.destroyed;
  }

  /** Resolves when the client has closed the connection of the newest request. */
  async whenClientLeaves(): Promise<void> {
    if (this.#newest && !this.#newest.destroyed) await once(this.#newest, 'close');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method = '', url: path = '', headers } = request;
    const bytes = Buffer.concat(pieces);
    const read = { method, path, headers, body: toJson(bytes), bytes };
    this.requests.push(read);
    this.#newest = request.socket;
    this.#play(response, read);
  }
}

/** Google's SDK calls JSON what is the piece of a file as well. */
function toJson(bytes: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(bytes.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const SSE = { 'content-type': 'text/event-stream' };

/** Sends the text as an event stream and ends it cleanly. */
export const stream =
  (text: string): Play =>
  (response) => {
    response.writeHead(200, SSE).end(text);
  };

/** Sends the text and then nothing, for ever. */
export const streamThenStall =
  (text: string): Play =>
  (response) => {
    response.writeHead(200, SSE).flushHeaders();
    response.write(text);
  };

/** Sends the text, waits until it has left, and resets the connection. */
export const streamThenReset =
  (text: string): Play =>
  (response) => {
    response.writeHead(200, SSE).flushHeaders();
    // The pause lets the text arrive: a reset discards what the client has not read yet.
    response.write(text, () => setTimeout(() => response.socket?.resetAndDestroy(), 50));
  };

/** Refuses with a status, headers and a JSON body. */
export const refuse =
  (status: number, body: unknown, headers: Record<string, string> = {}): Play =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

/** An address at which nothing listens. */
export async function refusedUrl(): Promise<string> {
  const server = new FaultServer();
  await server.start();
  const { url } = server;
  await server.stop();
  return url;
}
