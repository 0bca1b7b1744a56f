import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { unauthenticated } from '#core/error';
import type { FileDoor } from '#core/subgraph/file-door';
import { type CallerOptions, identify } from '../caller.ts';

export interface DownloadOptions extends CallerOptions {
  files: FileDoor;
}

interface Route {
  Params: { id: string };
  Querystring: { expires?: string; signature?: string };
}

/**
 * `GET /attachments/ID` and `/attachments/ID/thumbnail`: for whoever shows a credential that may read the file, or comes
 * by the signed address of `Attachment.url`, which pictures on a page need.
 */
export function addDownloads(app: FastifyInstance, options: DownloadOptions): void {
  const give = (thumbnail: boolean) => async (request: FastifyRequest<Route>, reply: FastifyReply) => {
    const { headers, query, params } = request;
    const { expires, signature } = query;
    const link = typeof expires === 'string' && typeof signature === 'string' ? { expires, signature } : null;
    const envelope = await identify(request, options);
    if (!envelope.viewer && !link) throw unauthenticated();
    const answer = await options.files.give(envelope, {
      id: params.id,
      thumbnail,
      range: headers.range ?? null,
      known: headers['if-none-match'] ?? null,
      link,
    });
    reply.code(answer.status).headers(answer.headers);
    if (request.method === 'HEAD') {
      answer.body?.destroy();
      // Without any body Fastify would say that the file has none.
      return reply.send(Readable.from([]));
    }
    return reply.send(answer.body ?? undefined);
  };
  for (const [path, thumbnail] of [
    ['/attachments/:id', false],
    ['/attachments/:id/thumbnail', true],
  ] as const) {
    app.get<Route>(path, give(thumbnail));
    app.options(path, async (_request, reply) => reply.code(204).send());
  }
}
