import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';

/** What a PostgreSQL server says of itself in `postmaster.pid`. */
export interface PostmasterFile {
  pid: number;
  port: number;
  /** `ready` is the one state in which it takes connections. */
  status: string;
}

/** The facts by line, from PostgreSQL's miscadmin.h (LOCK_FILE_LINE_*). */
const LINE = { pid: 0, port: 3, status: 7 };

const locate = (cluster: string) => path.join(cluster, 'postmaster.pid');

/** Reads a cluster's `postmaster.pid`; undefined when no server is, or was, at work there. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(locate(cluster), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number.parseInt(lines[LINE.pid] ?? '', 10);
  if (!(pid > 0)) return undefined;
  return {
    pid,
    port: Number.parseInt(lines[LINE.port] ?? '', 10) || 0,
    status: lines[LINE.status]?.trim() ?? '',
  };
}

/**
 * Tells PostgreSQL that the process named in a left-over `postmaster.pid` is not its own: it would refuse to start while
 * any process has that number. The file stays, since PostgreSQL finds through it whether processes of the former server
 * still use its memory. A server ignores the number of its own parent, so that is what is written.
 */
export async function disownPostmasterFile(cluster: string): Promise<void> {
  const text = await readFile(locate(cluster), 'utf8');
  const file = await open(locate(cluster), constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  try {
    await file.writeFile(text.replace(/^-?\d+/, String(process.pid)));
  } finally {
    await file.close();
  }
}
