import { once } from 'node:events';
import WebSocket from 'ws';

/** A message of the protocol `graphql-transport-ws`. */
export interface ProtocolMessage {
  type: string;
  id?: string;
  payload?: unknown;
}

/** A WebSocket that says what it is told to, sound or not, and keeps what it hears. */
export class RawSocket {
  readonly received: ProtocolMessage[] = [];
  /** How it ended: `code reason`; null while it is open. */
  ended: string | null = null;
  private readonly socket: WebSocket;
  private wake: () => void = () => {};

  constructor(url: string, options: { origin?: string; protocol?: string; headers?: Record<string, string> } = {}) {
    const { protocol = 'graphql-transport-ws', ...rest } = options;
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, protocol, {
      ...rest,
      perMessageDeflate: false,
    });
    this.socket.on('message', (data) => {
      this.received.push(JSON.parse(String(data)) as ProtocolMessage);
      this.wake();
    });
    this.socket.on('close', (code, reason) => this.over(`${code} ${String(reason)}`));
    this.socket.on('unexpected-response', (_request, { statusCode }) => this.over(`HTTP ${statusCode}`));
    this.socket.on('error', (error) => this.over(error.message));
  }

  /** Opens a socket and says who is there; resolves once that was accepted. */
  static async init(url: string, payload: Record<string, unknown> = {}): Promise<RawSocket> {
    const socket = new RawSocket(url);
    await socket.say({ type: 'connection_init', payload });
    await socket.hear('connection_ack');
    return socket;
  }

  /** Resolves once the server has taken the socket. */
  async opened(): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
  }

  async say(message: ProtocolMessage | string): Promise<void> {
    await this.opened();
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves with the first message of the type, and of the id where one is given. */
  hear(type: string, id?: string): Promise<ProtocolMessage> {
    return this.wait(() => this.received.find((each) => each.type === type && (id === undefined || each.id === id)));
  }

  /** Resolves once the socket is closed, with the code and the reason. */
  end(): Promise<string> {
    return this.wait(() => this.ended ?? undefined, true);
  }

  /** Stops reading; what comes is left where it is. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.terminate();
  }

  private async wait<T>(look: () => T | undefined, alsoEnded = false): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.ended !== null && !alsoEnded) throw new Error(`The socket has ended: ${this.ended}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private over(how: string): void {
    this.ended ??= how;
    this.wake();
  }
}
