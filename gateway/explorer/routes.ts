import type { FastifyInstance, FastifyRequest } from 'fastify';
import { registerExplorer } from './explorer.ts';
import { sandboxPage } from './sandbox.ts';

/** A browser that was pointed at the API, rather than a program that asks it something. */
const isVisit = ({ method, headers, query }: FastifyRequest): boolean =>
  method === 'GET' &&
  String(headers.accept ?? '').includes('text/html') &&
  (query as { query?: string } | undefined)?.query === undefined;

/** Apollo Sandbox for whoever opens `/graphql` in a browser, GraphiQL at `/graphiql`, and a way there from `/`. */
export function addExplorers(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.split('?')[0] !== '/graphql' || !isVisit(request)) return;
    const { html, headers } = sandboxPage();
    await reply.headers(headers).type('text/html; charset=utf-8').send(html);
  });
  app.get('/', (_request, reply) => reply.redirect('/graphql'));
  registerExplorer(app);
}
