import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { hashFiles, listFiles } from './content-hash.mjs';
import { Failure } from './failure.mjs';

const STAMP = 'prisma/generated/.stamp';

/** A hash of what the client is made from; undefined while there is no schema. */
const hashOfInputs = (/** @type {string} */ root) => {
  const schema = listFiles(root, ['prisma/schema']).filter((file) => file.endsWith('.prisma'));
  if (schema.length === 0) return undefined;
  return hashFiles(root, [...schema, ...listFiles(root, ['prisma.config.ts', 'node_modules/prisma/package.json'])]);
};

/**
 * Whether the database client below `prisma/generated` is the one of the present schema and of the present Prisma.
 * @param {string} root
 * @returns {boolean}
 */
export function isGenerated(root) {
  const hash = hashOfInputs(root);
  const stamp = path.join(root, STAMP);
  return hash === undefined || (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash);
}

/**
 * Generates the database client below `prisma/generated`. Works offline.
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function generate(root, say) {
  say('Generating the database client …');
  const stamp = path.join(root, STAMP);
  const hash = hashOfInputs(root);
  rmSync(stamp, { force: true });
  const { code, output } = await capture(
    process.execPath,
    [path.join(root, 'node_modules/prisma/build/index.js'), 'generate'],
    // Generating needs no engine; naming any file that exists keeps Prisma from downloading one.
    {
      cwd: root,
      env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
    },
  );
  if (code !== 0) {
    throw new Failure('The database client could not be generated: mend the schema in prisma/schema.', output);
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash ?? '');
}
