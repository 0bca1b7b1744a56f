import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const SOURCE = 'gateway/explorer/browser';

export const inputs = [SOURCE];

/** Smaller files are not worth a second copy. */
const MIN_GZIP_BYTES = 1024;

const WORKERS = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
};

const PAGE = (/** @type {string} */ script, /** @type {string} */ style) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley · GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="graphiql/assets/${style}">
<script type="module" src="graphiql/assets/${script}"></script>
</head>
<body>
<div id="graphiql"></div>
<noscript>GraphiQL needs JavaScript.</noscript>
</body>
</html>
`;

/**
 * Bundles GraphiQL with its editor into `gateway/explorer/graphiql/`: a page, and assets whose names change with their
 * content, each also compressed.
 * @param {{root: string, out: string}} context
 */
export async function build({ root, out }) {
  const esbuild = await import('esbuild');
  const folder = path.join(out, 'gateway/explorer/graphiql');
  const assets = path.join(folder, 'assets');
  mkdirSync(assets, { recursive: true });

  /** @type {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: root,
    outdir: assets,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.ttf': 'file' },
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'error',
  };
  const workers = await esbuild.build({ ...common, entryPoints: WORKERS });
  const workerFiles = Object.fromEntries(
    Object.entries(WORKERS).map(([name, module]) => [
      name,
      `./${outputOf(workers.metafile, `node_modules/${module}`).file}`,
    ]),
  );
  const page = await esbuild.build({
    ...common,
    entryPoints: [`${SOURCE}/main.jsx`],
    define: { ...common.define, WORKER_FILES: JSON.stringify(workerFiles) },
  });

  const { file: script, style } = outputOf(page.metafile, `${SOURCE}/main.jsx`);
  for (const { path: file, contents } of [...(workers.outputFiles ?? []), ...(page.outputFiles ?? [])]) {
    // Chunks that are loaded on demand repeat styles that the page's own style sheet has.
    if (file.endsWith('.css') && path.basename(file) !== style) continue;
    writeFileSync(file, contents);
    if (contents.length >= MIN_GZIP_BYTES) writeFileSync(`${file}.gz`, gzipSync(contents, { level: 9 }));
  }
  writeFileSync(path.join(folder, 'index.html'), PAGE(script, style));
}

/**
 * @param {import('esbuild').Metafile | undefined} metafile
 * @param {string} entryPoint
 */
function outputOf(metafile, entryPoint) {
  for (const [file, output] of Object.entries(metafile?.outputs ?? {})) {
    if (output.entryPoint === entryPoint && file.endsWith('.js')) {
      return { file: path.basename(file), style: path.basename(output.cssBundle ?? '') };
    }
  }
  throw new Error(`The bundle has no ${entryPoint}.`);
}
