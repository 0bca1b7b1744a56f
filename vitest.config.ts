import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SideBySide } from './test/support/side-by-side.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    conditions: ['parley-source', 'node'],
    alias: [
      // The sources, not the build, also for what runs before the tests.
      { find: /^#(core|gateway|subgraphs|server|prisma|test)\/(.*)$/, replacement: `${here('.')}$1/$2.ts` },
      // Vite would load GraphQL's ES module for us and its CommonJS for the packages: two realms that refuse each other.
      { find: /^graphql$/, replacement: here('node_modules/graphql/index.js') },
    ],
  },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.parley/**'],
    globalSetup: ['test/support/build.setup.ts', 'test/support/cluster.setup.ts'],
    setupFiles: ['test/support/file-end.setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    sequence: { sequencer: SideBySide },
    // One more than the cores of a small machine: a third of the tests waits for clocks and processes.
    maxWorkers: 3,
    // The second server of a process starts in a third of the time of its first: files share their worker's modules.
    isolate: false,
  },
});
