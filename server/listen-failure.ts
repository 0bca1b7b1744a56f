import { StartError, systemCode } from './start-error.ts';

/**
 * Says in a sentence why a server cannot listen.
 * @param variable The environment variable that names the port.
 * @returns null for any other failure.
 */
export function explainListenFailure(error: unknown, host: string, variable: string): StartError | null {
  const code = systemCode(error);
  const { port, syscall, hostname } = error as { port?: number; syscall?: string; hostname?: string };
  if (code === 'EADDRINUSE') {
    return new StartError(`Port ${port} is taken: stop what listens there, or set ${variable} to another one.`, {
      cause: error,
    });
  }
  if (code === 'EACCES' && syscall === 'listen') {
    const advice = `set ${variable} to one above 1023, and let a proxy or the system forward the other one to it`;
    return new StartError(`Port ${port} is not open to this user: ${advice}.`, { cause: error });
  }
  const isHost = (syscall === 'getaddrinfo' && hostname === host) || (code === 'EADDRNOTAVAIL' && syscall === 'listen');
  if (!isHost) return null;
  return new StartError(`HOST is not an address of this machine (${host}): set it to one, or leave it out.`, {
    cause: error,
  });
}
