import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  /** Such as `http://127.0.0.1:40123`. */
  url: string;
  server: Server;
  close(): Promise<void>;
}

/** An HTTP server on this machine, on a free port unless one is given. Answers 503 until its handler has been made. */
export async function startLoopbackServer(
  handlerFor: (url: string) => RequestListener | Promise<RequestListener>,
  port = 0,
): Promise<LoopbackServer> {
  let handler: RequestListener = (_request, response) => response.writeHead(503).end();
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  handler = await handlerFor(url);
  return {
    url,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
