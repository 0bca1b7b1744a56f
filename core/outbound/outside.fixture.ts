import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the outside world on an address of this machine; it notes who came. */
export class Outside {
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  connections = 0;
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param answer What it does with a request whose body was read. */
  static async start(answer: RequestListener, { host = '127.0.0.1', port = 0 } = {}): Promise<Outside> {
    let outside: Outside | undefined;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        outside?.requests.push({ method, url, headers, body });
        answer(request, response);
      });
    });
    server.on('connection', () => {
      if (outside) outside.connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    outside = new Outside(server, (server.address() as AddressInfo).port);
    return outside;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
