import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BundledFile, openBundle } from './bundle.ts';
import { policyHeaders } from './page-policy.ts';

export interface ExplorerOptions {
  /** The folder that the build wrote; by default the one beside this module. */
  folder?: string;
}

/** Everything from this server alone. Monaco writes its styles into the page, so those cannot be held to files. */
const POLICY = policyHeaders({
  'default-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
});

/** Names of these files change with their content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const NOT_BUILT = 'GraphiQL has not been built. Start the server with `npm start`, which builds what is missing.';

/**
 * Serves GraphiQL at `/graphiql`, with all of its files below it. No request leaves this server: the page talks to
 * `/graphql` beside it, over HTTP and WebSocket.
 */
export function registerExplorer(app: FastifyInstance, options: ExplorerOptions = {}): void {
  const bundle = openBundle(options.folder);

  app.get('/graphiql', (request, reply) => {
    const page = bundle.read('index.html');
    if (!page) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
    return sendFile(request, reply.headers(POLICY), page, 'no-cache');
  });

  app.get<{ Params: { '*': string } }>('/graphiql/assets/*', (request, reply) => {
    const file = bundle.read(`assets/${request.params['*']}`);
    if (!file) return reply.code(404).type('text/plain; charset=utf-8').send('There is no such file.');
    // A worker is held to the policy of its own answer, not to that of the page.
    return sendFile(request, reply.headers(POLICY), file, FOR_EVER);
  });
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: BundledFile, cacheControl: string): FastifyReply {
  reply.headers({ 'content-type': file.contentType, 'cache-control': cacheControl, vary: 'accept-encoding' });
  const zipped = file.gzip && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) ? file.gzip : undefined;
  // The tag of a representation: compressed and plain bytes are two of them.
  const etag = zipped ? file.etag.replace(/"$/, '-gz"') : file.etag;
  reply.header('etag', etag);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.send(zipped ?? file.content);
}
