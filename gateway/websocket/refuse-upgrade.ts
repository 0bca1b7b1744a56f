import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ParleyError } from '#core/error';
import { REQUEST_ID_HEADER, requestIdOf } from '#gateway/request-id';

/** Answers whoever asks for a WebSocket and gets none, as any other request is refused. */
export function refuseUpgrade(request: IncomingMessage, stream: Duplex, status: number, error: ParleyError): void {
  // Node has taken its own listener away, and without one a client that hangs up would end the process.
  stream.on('error', () => stream.destroy());
  const body = JSON.stringify({ errors: [error.toJSON()] });
  const { retryAfterSeconds } = error.extensions;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${REQUEST_ID_HEADER}: ${requestIdOf(request.headers[REQUEST_ID_HEADER])}`,
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  stream.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
