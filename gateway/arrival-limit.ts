import type { FastifyInstance } from 'fastify';
import { UPLOAD_PATH } from './file/upload-path.ts';

const TOO_LATE = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n';

/** Ends a request that does not come in as a whole in time. Uploads have a pace of their own in place of that. */
export function limitArrival(app: FastifyInstance, withinMs: number): void {
  app.addHook('onRequest', async ({ raw, url }) => {
    const hasBody = raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0;
    if (!hasBody || url.split('?')[0] === UPLOAD_PATH) return;
    const timer = setTimeout(() => {
      if (!raw.complete && raw.socket.writable) raw.socket.end(TOO_LATE);
    }, withinMs);
    raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
}
