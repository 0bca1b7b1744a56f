import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
  '.svg': 'image/svg+xml',
};

/** A file of the bundle, read when it is first asked for and kept. */
export interface BundledFile {
  contentType: string;
  /** Of the content, in quotes. */
  etag: string;
  content: Buffer;
  /** The same content for clients that accept gzip, where the build found it worth the while. */
  gzip: Buffer | undefined;
}

/** The files that the build made, by their path below the folder. Nothing else can be read through it. */
export interface Bundle {
  read(file: string): BundledFile | undefined;
}

/**
 * Opens the folder that the build of the explorer wrote. It is only read, so it may be on a read-only disk.
 * @param folder By default `graphiql/` beside this module, which is where the build puts it.
 */
export function openBundle(folder = defaultFolder()): Bundle {
  const names = new Set(existsSync(folder) ? listFiles(folder) : []);
  const files = new Map<string, BundledFile>();
  const load = (file: string): BundledFile => {
    const content = readFileSync(path.join(folder, file));
    return {
      contentType: CONTENT_TYPES[path.extname(file)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
      content,
      gzip: existsSync(path.join(folder, `${file}.gz`)) ? readFileSync(path.join(folder, `${file}.gz`)) : undefined,
    };
  };
  return {
    read(file) {
      const known = files.get(file);
      if (known || !names.has(file) || file.endsWith('.gz')) return known;
      // A build under a running server takes the files of the last one away.
      if (!existsSync(path.join(folder, file))) return undefined;
      const loaded = load(file);
      files.set(file, loaded);
      return loaded;
    },
  };
}

/** Run from its sources, the server uses what the last build left in `dist/`. */
function defaultFolder(): string {
  const besides = ['./graphiql/', '../../dist/gateway/explorer/graphiql/'].map((relative) =>
    fileURLToPath(new URL(relative, import.meta.url)),
  );
  return besides.find((folder) => existsSync(path.join(folder, 'index.html'))) ?? besides[0] ?? '';
}

const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
