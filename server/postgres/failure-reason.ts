import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { startupLog } from './postmaster.ts';
import { logFolder } from './settings.ts';

/** Far more than a server writes between its start and a failure to start. */
const TAIL_BYTES = 64 * 1024;

/** Why a server did not start. */
export interface FailureReason {
  /** PostgreSQL's sentence, without its prefix. */
  sentence: string;
  isPortTaken: boolean;
  /** Processes of a former server still run, or end just now. */
  hasLeftovers: boolean;
}

/**
 * Reads why a server ended, from what it printed before it opened its log and from the log itself.
 * @param pid The server's process, which every line of the log names.
 */
export async function failureReason(home: string, pid: number): Promise<FailureReason> {
  const printed = await readFile(startupLog(home), 'utf8').catch(() => '');
  const logged = await tailOfNewestLog(logFolder(home));
  const lines = [...printed.split('\n'), ...logged.split('\n').filter((line) => line.includes(`[${pid}]`))];
  const text = lines.join('\n');
  const fatal = lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.findLast((line) => line.trim() !== '');
  return {
    sentence: (fatal ?? 'it printed nothing').replace(/^.*?(FATAL|PANIC):\s*/, ''),
    isPortTaken: /could not bind|could not create any TCP/.test(text),
    hasLeftovers: /pre-existing shared memory block|lock file .* already exists/.test(text),
  };
}

async function tailOfNewestLog(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const { mtimeMs, size } = await stat(path.join(folder, name));
      return { file: path.join(folder, name), mtimeMs, size };
    }),
  );
  const newest = files.sort((a, b) => b.mtimeMs - a.mtimeMs)[0];
  if (!newest) return '';
  const handle = await open(newest.file);
  try {
    const length = Math.min(newest.size, TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, newest.size - length);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}
