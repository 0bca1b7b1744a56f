import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A GraphQL subscriber that takes a byte at a time from its connection, and so holds back whoever sends to it. */
export class SlowSocket {
  /** Bytes taken so far. */
  taken = 0;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly socket: Socket,
    everyMs: number,
  ) {
    this.timer = setInterval(() => {
      if (socket.read(1)) this.taken += 1;
    }, everyMs);
  }

  /** Opens a WebSocket, begins the session and subscribes. */
  static async open(url: string, token: string, payload: object, everyMs = 1_000): Promise<SlowSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(
      [
        'GET /graphql HTTP/1.1',
        `Host: ${hostname}:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Protocol: graphql-transport-ws',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        '\r\n',
      ].join('\r\n'),
    );
    socket.write(frame({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    await untilHeard(socket, 'connection_ack');
    socket.write(frame({ id: '1', type: 'subscribe', payload }));
    return new SlowSocket(socket, everyMs);
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  close(): void {
    clearInterval(this.timer);
    this.socket.destroy();
  }
}

/** A masked text frame of RFC 6455, of less than 64 KiB. */
function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const mask = randomBytes(4);
  const head = Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

async function untilHeard(socket: Socket, text: string): Promise<void> {
  let heard = '';
  while (!heard.includes(text)) {
    const piece: Buffer | null = socket.read();
    if (piece) heard += piece.toString('latin1');
    else await once(socket, 'readable');
  }
}
