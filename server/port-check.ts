import { createServer } from 'node:net';
import type { Environment } from '#core/environment';
import { explainListenFailure } from './listen-failure.ts';
import { isSubgraphRole, isWhole, type Role } from './role.ts';

/** The environment variables with the ports on which a process with these roles is going to listen. */
const portsOf = (roles: ReadonlySet<Role>) => [
  ...(roles.has('gateway') ? (['PORT'] as const) : []),
  ...(!isWhole(roles) && [...roles].some(isSubgraphRole) ? (['PARLEY_INTERNAL_PORT'] as const) : []),
];

/**
 * Listens for a moment on each port that the roles need, so that one that cannot be had is known before anything else has
 * begun.
 * @throws StartError saying what to do.
 */
export async function checkPorts(roles: ReadonlySet<Role>, environment: Environment): Promise<void> {
  for (const variable of portsOf(roles)) {
    await listenBriefly(environment.HOST, environment[variable]).catch((error: unknown) => {
      throw explainListenFailure(error, environment.HOST, variable) ?? error;
    });
  }
}

async function listenBriefly(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen({ host, port }, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}
