import type { FastifyInstance } from 'fastify';
import { notFound, ParleyError } from '#core/error';

export const noSuchPage = () => notFound('page');

/**
 * Answers what no route answers, in the shape of every other refusal: a page that takes other methods with 405 and
 * `Allow`, anything else with 404. To be called before routes are added.
 */
export function answerUnknownPages(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, new Set([...(methods.get(url) ?? []), ...[method].flat()]));
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const taken = [...methods].flatMap(([url, each]) => (isBelow(path, url) ? [...each] : []));
    if (taken.length === 0) throw noSuchPage();
    const allow = taken.sort().join(', ');
    const refusal = new ParleyError('BAD_USER_INPUT', `This page takes ${allow}.`);
    return reply
      .code(405)
      .header('allow', allow)
      .send({ errors: [refusal.toJSON()] });
  });
}

const isBelow = (path: string, url: string): boolean =>
  url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url;
