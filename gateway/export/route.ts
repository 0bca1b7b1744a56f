import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { notFound } from '#core/error';
import type { Peers } from '#core/peer/peer';
import type { RateLimit, RateLimits } from '#core/rate-limit';
import type { AddressOf } from '../client-address.ts';

export interface ExportOptions {
  peers: Peers;
  rateLimits: RateLimits;
  requestLimit: RateLimit;
  addressOf: AddressOf;
}

/** A piece of an export, as the subgraph that writes it hands it out. */
interface ExportPage {
  text: string;
  next: string | null;
  contentType: string;
  fileName: string;
}

/** Who writes exports, by what the address says after `of=`. */
const WRITERS = {
  room: { subgraph: 'conversations', field: 'exportPage' },
  audit: { subgraph: 'events', field: 'auditExportPage' },
} as const;

const writerOf = (of: unknown) => (of === 'audit' ? WRITERS.audit : WRITERS.room);

/**
 * `GET /exports?ticket=…`: the file that the ticket stands for, asked for piece by piece as fast as it is read. In the query
 * and not in the path, which is logged.
 */
export function addExports(app: FastifyInstance, { peers, rateLimits, requestLimit, addressOf }: ExportOptions): void {
  const reader =
    (of: unknown) =>
    async (ticket: string): Promise<ExportPage> => {
      const { subgraph, field } = writerOf(of);
      const query = `query ($ticket: String!) { page: ${field}(ticket: $ticket) { text next contentType fileName } }`;
      return (await peers.call<{ page: ExportPage }>(subgraph, { query, variables: { ticket }, viewer: null })).page;
    };
  app.get<{ Querystring: { ticket?: unknown; of?: unknown } }>(
    '/exports',
    { exposeHeadRoute: false },
    async (request, reply) => {
      await rateLimits.consume(requestLimit, `ip:${addressOf(request.raw)}`);
      const { ticket, of } = request.query;
      const read = reader(of);
      if (typeof ticket !== 'string') throw notFound('export');
      const first = await read(ticket);
      reply.headers({
        'content-type': first.contentType,
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(first.fileName)}`,
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      // One that fails on the way ends the connection before the end of the file, so that nobody takes it for whole.
      return reply.send(Readable.from(piecesFrom(first, read), { objectMode: false, highWaterMark: 1 }));
    },
  );
}

async function* piecesFrom(first: ExportPage, read: (ticket: string) => Promise<ExportPage>): AsyncGenerator<Buffer> {
  for (let page = first; ; page = await read(page.next)) {
    if (page.text !== '') yield Buffer.from(page.text);
    if (page.next === null) return;
  }
}
