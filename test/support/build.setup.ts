import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

/** Servers that are processes of their own run the build, as `npm start` does: it has to be that of the sources. */
export default async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, ['bin/build.mjs'], { cwd: ROOT });
}
