import { readEnvironment } from '#core/environment';
import type { Kernel } from '#core/kernel';
import { createLog } from '#core/log';
import { deriveSecrets } from './secret.ts';

/**
 * A kernel that subgraphs can be composed from, to look at their schemas, and that can do nothing: no server is behind
 * it. Whatever is asked of it answers with more of the same.
 */
export function createInertKernel(): Kernel {
  const inert: unknown = new Proxy(() => {}, {
    // Nobody who awaits it must take it for a promise.
    get: (_target, name) => (name === 'then' || typeof name === 'symbol' ? undefined : inert),
    apply: () => inert,
    construct: () => inert as object,
  });
  const read = readEnvironment({});
  if ('problems' in read) throw new Error(read.problems.join(' '));
  const given: Partial<Kernel> = {
    environment: read.environment,
    log: createLog({ level: 'silent', pretty: false }),
    secrets: deriveSecrets('of a kernel that nobody can talk to'),
    instanceId: '',
  };
  return new Proxy(given as Kernel, {
    get: (target, name) => (name in target ? target[name as keyof Kernel] : inert),
  });
}
