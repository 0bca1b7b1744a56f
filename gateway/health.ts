import type { FastifyInstance } from 'fastify';

/** One thing that this process needs: resolves where it is there, throws where it is not. */
export type HealthCheck = () => Promise<void>;

const CHECK_WITHIN_MS = 2_000;

/**
 * `/healthz`: the process answers. `/readyz`: so does everything that it needs, each by its name, or 503. Neither says
 * why something is away: that is in the log.
 */
export function addHealth(app: FastifyInstance, checks: ReadonlyMap<string, HealthCheck>): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    const parts = await Promise.all(
      [...checks].map(async ([name, check]) => {
        try {
          await withinTime(check());
          return [name, 'up'] as const;
        } catch (error) {
          request.log.warn({ err: error, part: name }, 'a part that is needed is down');
          return [name, 'down'] as const;
        }
      }),
    );
    const ready = parts.every(([, state]) => state === 'up');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ok' : 'unavailable', parts: Object.fromEntries(parts) });
  });
}

async function withinTime(check: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_WITHIN_MS);
  });
  try {
    await Promise.race([check, late]);
  } finally {
    clearTimeout(timer);
  }
}
