import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from '../command.mjs';
import { listFiles } from '../content-hash.mjs';
import { Failure } from '../failure.mjs';

const SOURCES = ['core', 'gateway', 'subgraphs', 'server', 'client', 'prisma'];

/** Pages of browsers, which other steps bundle. */
const BUNDLED = 'gateway/explorer/browser/';

const isAsset = (/** @type {string} */ file) =>
  !/\.(tsx?|mts|md|prisma)$/.test(file) && !file.endsWith('/.stamp') && !file.startsWith(BUNDLED);

export const inputs = [...SOURCES, 'tsconfig.json', 'tsconfig.build.json'];

/**
 * The compiler names sources as seen from where it writes, which is not where the files will be: stack traces would lead
 * nowhere.
 */
const pointToSource = (/** @type {string} */ file, /** @type {string} */ place) => {
  /** @type {{sources: string[]}} */
  const map = JSON.parse(readFileSync(file, 'utf8'));
  map.sources = map.sources.map((source) =>
    path.relative(path.dirname(place), path.resolve(path.dirname(file), source)).replaceAll(path.sep, '/'),
  );
  writeFileSync(file, JSON.stringify(map));
};

/**
 * Compiles the TypeScript sources one by one, without checking types, and copies what they read at run time.
 * @param {{root: string, out: string}} context
 */
export async function build({ root, out }) {
  const tsc = path.join(root, 'node_modules/@typescript/native/bin/tsc');
  const { code, output } = await capture(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', out], {
    cwd: root,
  });
  if (code !== 0) throw new Failure('The build failed: mend what the compiler says above.', output);
  for (const file of listFiles(out, readdirSync(out)).filter((name) => name.endsWith('.map'))) {
    pointToSource(path.join(out, file), path.join(root, 'dist', file));
  }
  for (const file of listFiles(root, SOURCES).filter(isAsset)) {
    mkdirSync(path.dirname(path.join(out, file)), { recursive: true });
    copyFileSync(path.join(root, file), path.join(out, file));
  }
}
