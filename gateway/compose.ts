import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceDefinition } from '@apollo/federation-internals';
import { parse } from 'graphql';

/** The part of the packages' version that changes what composing yields. */
const COMPOSER = '2.14.4';

/** One subgraph's name and schema, as it prints them itself. */
export interface SubgraphSdl {
  name: string;
  sdl: string;
}

/** The subgraphs do not fit together; `problems` says how, one sentence each. */
export class CompositionError extends Error {
  constructor(readonly problems: string[]) {
    super(`The subgraphs do not compose. ${problems.join(' ')}`);
    this.name = 'CompositionError';
  }
}

/**
 * The supergraph of `subgraphs`. Composing takes about a second, so the result is kept in `cacheFolder` under a digest
 * of everything that goes into it.
 * @throws CompositionError
 */
export async function composeSupergraph(subgraphs: SubgraphSdl[], cacheFolder: string | null): Promise<string> {
  const sorted = [...subgraphs].sort((a, b) => a.name.localeCompare(b.name));
  const digest = createHash('sha256')
    .update(JSON.stringify([COMPOSER, sorted]))
    .digest('hex')
    .slice(0, 32);
  const file = cacheFolder && join(cacheFolder, `supergraph-${digest}.graphql`);
  const cached = file && (await readFile(file, 'utf8').catch(() => null));
  if (cached) return cached;
  const supergraph = await compose(sorted);
  if (file && cacheFolder) await keep(cacheFolder, file, supergraph);
  return supergraph;
}

async function compose(subgraphs: SubgraphSdl[]): Promise<string> {
  const { composeServices } = await import('@apollo/composition');
  const services: ServiceDefinition[] = subgraphs.map(({ name, sdl }) => ({
    name,
    // Nobody calls this address: the gateway's data sources know where each subgraph is. Apollo wants one to be there.
    url: `http://${name}.parley.internal`,
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl) return supergraphSdl;
  throw new CompositionError((errors ?? []).map((error) => error.message));
}

async function keep(folder: string, file: string, supergraph: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, supergraph);
  await rename(draft, file);
  // Those of earlier versions nobody asks for again.
  const others = (await readdir(folder)).filter(
    (name) => /^supergraph-\w+\.graphql$/.test(name) && join(folder, name) !== file,
  );
  await Promise.all(others.map((name) => rm(join(folder, name), { force: true })));
}
