import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HOST } from './port.ts';

/** Chosen for a laptop that does other work too. What is not named has PostgreSQL's default. */
const SETTINGS = {
  // TCP on loopback alone: the path of a Unix socket may be too long, and everything here connects by URL.
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '128MB',
  // What is shown to a client is durable: both stay on.
  fsync: 'on',
  synchronous_commit: 'on',
  jit: 'off',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // One file for each day of the week, begun anew a week later: a log that does not grow for ever.
  logging_collector: 'on',
  log_filename: 'postgres-%a.log',
  log_rotation_age: '1d',
  log_rotation_size: 0,
  log_truncate_on_rotation: 'on',
} as const;

/**
 * Writes the configuration that a server is started with.
 * @param home The folder that gets it. Logs go to `log/` below it.
 * @returns The file's path.
 */
export async function writeSettings(home: string, port: number): Promise<string> {
  const all = { listen_addresses: HOST, port, log_directory: logFolder(home), ...SETTINGS };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
  const file = path.join(home, 'postgresql.conf');
  await writeFile(file, `# Written at every start.\n${lines.join('\n')}\n`);
  // The account that PostgreSQL runs as must read it, and nothing in it is secret.
  await chmod(file, 0o644);
  return file;
}

export const logFolder = (home: string): string => path.join(home, 'log');
