/** `npm run supergraph`: writes the supergraph that the gateway runs to the file named on the command line. */
import { writeFile } from 'node:fs/promises';
import type { SubgraphExecutor } from '#core/subgraph/executor';
import { composeSupergraph } from '#gateway/compose';
import { readSchemas } from '#gateway/subgraph-source';
import { composeSubgraphs } from './compose-subgraphs.ts';
import { createInertKernel } from './inert-kernel.ts';
import { ROLES } from './role.ts';

const HEADER = `# The supergraph: every type and field of the API, and which subgraph each comes from. What is marked @inaccessible is
# for the subgraphs alone. Written by \`npm run supergraph\`; \`npm run check\` fails where it is out of date.

`;

const file = process.argv[2];
if (!file) {
  process.stderr.write('Usage: npm run supergraph\n');
  process.exit(1);
}
const kernel = createInertKernel();
const local = new Map<string, SubgraphExecutor>();
const subgraphs = await composeSubgraphs(kernel, new Set(ROLES), local);
const names = subgraphs.map(({ name }) => name);
const schemas = await readSchemas({ names, local, remote: null, log: kernel.log });
await writeFile(file, `${HEADER}${await composeSupergraph(schemas, null)}\n`);
process.exit(0);
