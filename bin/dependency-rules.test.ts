import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');

/** What each rule is there to find: a file, and the import in it that breaks the rule. */
const BROKEN: Record<string, { file: string; imports: string }> = {
  'core-knows-nobody': { file: 'core/knows-gateway.ts', imports: '#gateway/entry' },
  'gateway-meets-subgraphs-by-their-schema': { file: 'gateway/reaches-in.ts', imports: '#subgraphs/agents/index' },
  'subgraphs-know-core-alone': { file: 'subgraphs/agents/knows-server.ts', imports: '#server/main' },
  'subgraphs-never-import-one-another': { file: 'subgraphs/rooms/room.service.ts', imports: '#subgraphs/agents/index' },
  'subgraphs-are-entered-through-their-index': {
    file: 'server/reaches-past.ts',
    imports: '#subgraphs/agents/agent.service',
  },
  'only-the-server-composes': { file: 'prisma/composes.ts', imports: '#subgraphs/agents/index' },
  'nobody-imports-the-server': { file: 'prisma/uses-server.ts', imports: '#server/main' },
  'a-service-knows-no-entry': { file: 'subgraphs/agents/tool.service.ts', imports: './agent.resolver.ts' },
  'a-policy-is-pure': { file: 'subgraphs/agents/agent.policy.ts', imports: '#core/database/database' },
  'a-resolver-goes-through-the-service': {
    file: 'subgraphs/agents/tool.resolver.ts',
    imports: '#core/database/database',
  },
  'product-loads-no-tests': { file: 'core/loads-fixture.ts', imports: './thing.fixture.ts' },
  'client-speaks-the-api': { file: 'client/reads-core.ts', imports: '#core/error' },
  'console-speaks-the-api': { file: 'web-admin/reads-core.ts', imports: '#core/error' },
  'no-telemetry-unless-asked-for': { file: 'core/exports-spans.ts', imports: './telemetry/metric-producer.ts' },
  'no-cycles': { file: 'core/egg.ts', imports: './hen.ts' },
  'no-unresolvable': { file: 'core/leads-nowhere.ts', imports: './nowhere.ts' },
  'no-undeclared-packages': { file: 'core/uses-stray.ts', imports: 'stray' },
  'product-needs-no-development-package': { file: 'core/uses-tool.ts', imports: 'tool' },
};

/** What is right, and looks alike. */
const SOUND: Record<string, string[]> = {
  'core/error.ts': [],
  'core/hen.ts': ['./egg.ts'],
  'core/thing.fixture.ts': [],
  'core/thing.test.ts': ['./thing.fixture.ts', '#server/main', '#subgraphs/agents/agent.service', 'tool'],
  'core/database/database.ts': ['#core/error'],
  'core/telemetry/metric-producer.ts': [],
  'core/telemetry/start-telemetry.ts': ['./metric-producer.ts'],
  'gateway/entry.ts': ['#core/error'],
  'server/main.ts': ['#gateway/entry', '#subgraphs/agents/index', '#subgraphs/rooms/index', '#core/error'],
  'subgraphs/agents/index.ts': ['./agent.resolver.ts', './agent.service.ts'],
  'subgraphs/agents/agent.resolver.ts': ['./agent.service.ts'],
  'subgraphs/agents/agent.service.ts': ['#core/database/database', './agent.rule.policy.ts'],
  'subgraphs/agents/agent.rule.policy.ts': ['#core/error'],
  'subgraphs/rooms/index.ts': ['#core/error'],
  'client/chat.ts': ['declared'],
  'web-admin/main.ts': ['declared'],
};

interface Violation {
  rule: { name: string };
  from: string;
}

interface Rule {
  name: string;
  comment: string;
}

describe('the rules about who may import whom', () => {
  let folder: string;
  let violations: Violation[];
  let rules: Rule[];

  const write = async (file: string, content: string) => {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  };
  // An import of a type counts as one: a rule about who knows whom must not be evaded by it.
  const source = (imports: string[]) =>
    `${imports.map((name, index) => `import { type Thing as Thing${index} } from '${name}';`).join('\n')}
export type Thing = ${imports.map((_name, index) => `Thing${index} | `).join('')}string;\n`;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-rules-'));
    const { imports } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { imports: object };
    await write(
      'package.json',
      JSON.stringify({ type: 'module', imports, dependencies: { declared: '1' }, devDependencies: { tool: '1' } }),
    );
    await write('tsconfig.json', await readFile(path.join(root, 'tsconfig.json'), 'utf8'));
    for (const name of ['declared', 'tool', 'stray']) {
      await write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
      await write(`node_modules/${name}/index.js`, '');
    }
    for (const [file, imports] of Object.entries(SOUND)) await write(file, source(imports));
    for (const { file, imports } of Object.values(BROKEN)) await write(file, source([imports]));
    // The two rules that let types pass need a value.
    for (const name of ['no-cycles', 'product-needs-no-development-package']) {
      const { file = '', imports = '' } = BROKEN[name] ?? {};
      await write(file, `import '${imports}';\nexport type Thing = string;\n`);
    }
    await write('core/hen.ts', "import './egg.ts';\n");

    const config = path.join(root, '.dependency-cruiser.mjs');
    const cruise = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const folders = [...new Set(Object.keys(SOUND).map((file) => file.split('/')[0] ?? '')), 'prisma'];
    const args = [cruise, '--config', config, '--output-type', 'json', ...folders];
    const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    const { summary } = JSON.parse(stdout) as {
      summary: { violations: Violation[]; ruleSetUsed: { forbidden: Rule[] } };
    };
    violations = summary.violations;
    rules = summary.ruleSetUsed.forbidden;
  }, 60_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.entries(BROKEN))('%s finds what breaks it', (name, { file }) => {
    expect(violations.filter(({ rule }) => rule.name === name).map(({ from }) => from)).toContain(file);
  });

  it('finds nothing in what is right', () => {
    const broken = new Set(Object.values(BROKEN).map(({ file }) => file));
    expect(violations.filter(({ from }) => !broken.has(from) && from !== 'core/hen.ts')).toEqual([]);
  });

  it('has a sentence that says why, and a case here, for every rule', () => {
    expect(rules.map(({ name }) => name).sort()).toEqual(Object.keys(BROKEN).sort());
    for (const { name, comment } of rules) expect(comment, name).toMatch(/^[A-Z].{40,}\.$/);
  });
});
