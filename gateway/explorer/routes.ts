import type { FastifyInstance } from 'fastify';
import { registerExplorer } from './explorer.ts';
import { sandboxPage, wantsPage } from './sandbox.ts';

/** Apollo Sandbox for whoever opens `/graphql` in a browser, GraphiQL at `/graphiql`, and a way there from `/`. */
export function addExplorers(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.split('?')[0] !== '/graphql' || !wantsPage(request)) return;
    const { html, headers } = sandboxPage();
    await reply.headers(headers).type('text/html; charset=utf-8').send(html);
  });
  app.get('/', (_request, reply) => reply.redirect('/graphql'));
  registerExplorer(app);
}
